export { costTable } from "./show/cost-table.ts";
export { type GanttOptions, ganttChart } from "./show/gantt-chart.ts";
export { resourceTable } from "./show/resource-table.ts";
export { collectEvents, type ProgressOptions, showProgress } from "./show/show-progress.ts";
export { type SummaryOptions, summary } from "./show/summary.ts";
export type { OutputStream } from "./show/terminal-look.ts";
