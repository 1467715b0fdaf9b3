export { bookedCall } from "./booked-call.ts";
export { budgetProblem, coversCall, isSameBudget, sayAmount, sayBudget, unitOf } from "./budgets/budget.ts";
export { BudgetCircle } from "./budgets/budget-circle.ts";
export { budgetsFile, keepBudgets, readBudgets } from "./budgets/budget-file.ts";
export { type BudgetStanding, spentOutText } from "./budgets/budget-report.ts";
export { LIMIT_TEXT, parseBudgets, parseLimit } from "./budgets/budget-text.ts";
export { windowStart } from "./budgets/budget-window.ts";
export type { BudgetHold, CallAmounts, CallHeadings } from "./budgets/counted-call.ts";
export { type AskedCall, type CallHold, holdOfCall } from "./budgets/hold-of-call.ts";
export {
  type Budgets,
  type BudgetsOptions,
  openBudgets,
  type Reservation,
  type SpentCall,
} from "./budgets/open-budgets.ts";
export { type RemovedSpent, spentByRemoved } from "./budgets/spent-by-removed.ts";
export { type JournalsRead, spentInJournals } from "./budgets/spent-in-journals.ts";
export {
  ANALYSIS_HEADINGS,
  amountsOf,
  reservedAmounts,
  spentOf,
  UNKNOWN_HEADINGS,
} from "./budgets/spent-of.ts";
export { COST_CLASSES, type CostClass } from "./cost-class.ts";
export { type CostFile, type CostRow, readAg2Costs } from "./cost-files/read-ag2-costs.ts";
export { type ToldByRow, toldByRows } from "./cost-files/told-by-rows.ts";
export { type CallCounts, type CostLine, joinCostLines } from "./cost-line.ts";
export { costOfAttempt } from "./cost-of-attempt.ts";
export {
  type CostBook,
  type CostBookOptions,
  type CostSummary,
  createCostBook,
  summarizeCost,
} from "./cost-summary.ts";
export { type Durations, type MeasuredWork, openDurations } from "./durations.ts";
export { type Ag2CostRow, ag2Costs } from "./exports/ag2-costs.ts";
export type { Dependency } from "./exports/attempt-links.ts";
export { callsCsv } from "./exports/calls-csv.ts";
export { otlpMetrics, otlpTraces } from "./exports/otlp.ts";
export { prometheusText } from "./exports/prometheus.ts";
export { type RunFacts, runFacts } from "./exports/run-facts.ts";
export { type OtlpMessages, type OtlpServer, otlpServer, sendOtlp } from "./exports/send-otlp.ts";
export {
  type ForecastTask,
  forecastRun,
  type RunFigure,
  type RunForecast,
  type Spread,
  type TaskForecast,
} from "./forecast/forecast-run.ts";
export { journalSamples, type RunEvents } from "./forecast/journal-samples.ts";
export type { SamplesQuery, WorkSamples } from "./forecast/work-samples.ts";
export type { CallEvent, CallFinished, CallOwner, CallStarted } from "./gateway/call-event.ts";
export type { ClientStyle } from "./gateway/call-path.ts";
export { type DescriptorShares, descriptorLimit, shareDescriptors } from "./gateway/descriptor-shares.ts";
export { type AdmitOptions, type Gateway, type GatewayOptions, openGateway } from "./gateway/gateway.ts";
export { TOKEN_HEADER } from "./gateway/header-fields.ts";
export { type ReplayRule, replaysAnswers } from "./gateway/recordings.ts";
export type { Refusal } from "./gateway/refusal.ts";
export { DEFAULT_DRAIN, type DrainLimits } from "./gateway/relay.ts";
export { checkBaseUrl, type UpstreamSettings } from "./gateway/upstream.ts";
export { COST_HEADINGS, type CostHeading } from "./history/cost-heading.ts";
export { type IndexOptions, openIndex } from "./history/open-index.ts";
export type { CostQuery, CostTable, NamedCost } from "./history/query-costs.ts";
export type { OpenCalls } from "./history/query-open-calls.ts";
export type { CheapestAgents, OutcomeLine, OutcomesQuery, OutcomeTable } from "./history/query-outcomes.ts";
export type { RoutesQuery } from "./history/query-routes.ts";
export type { RunLine, RunsQuery } from "./history/query-runs.ts";
export type { RemovedRun, RunIndex } from "./history/run-index.ts";
export { type FollowOptions, type Journal, type JournalOptions, openJournal } from "./journal.ts";
export { type Learned, type LearnedFiles, openLearned } from "./learned.ts";
export { formatUsd, picoToUsd, usdToPico } from "./money.ts";
export {
  type CostWeights,
  checkCostWeights,
  DEFAULT_COST_WEIGHTS,
  normalizedCost,
  type WeighedFigures,
} from "./normalized-cost.ts";
export { isSnapshot } from "./prices/find-model.ts";
export { openPriceBook, type PriceBook, type PriceBookOptions } from "./prices/price-book.ts";
export type { ListedModel, ListedPrices, PriceList } from "./prices/price-list.ts";
export { type JournalContents, readJournal } from "./read-journal.ts";
export type { ResourceLine } from "./resource-line.ts";
export { isRouteList, listedRows, ROUTES_EXPECTED, UNKNOWN_ROUTE } from "./routes/route-list.ts";
export { type RouteSnapshot, routeSnapshot, type SnapshotOptions } from "./routes/route-snapshot.ts";
export type { Escalation, RouteLine, RouteRows, RouteTable } from "./routes/route-table.ts";
export { ROUTE_WINDOWS, type RouteWindow, windowSince } from "./routes/route-window.ts";
export { readSnapshot, snapshotFile } from "./routes/snapshot-file.ts";
export { isTelemetryFault, TELEMETRY } from "./telemetry.ts";
export { checkUsage } from "./usage.ts";
