// Data flows one way. Each rule names what it keeps.
/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: "no-cycles",
      comment: "A cycle means that two files are one idea.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "core-imports-nothing-of-ours",
      severity: "error",
      from: { path: "^packages/core/" },
      to: { path: "^packages/(?!core/)" },
    },
    {
      name: "stages-import-core-alone",
      comment: "analyzer, workdir and ledger never see each other.",
      severity: "error",
      from: { path: "^packages/(analyzer|workdir|ledger)/" },
      to: { path: "^packages/(?!core/)", pathNot: "^packages/($1|testkit)/" },
    },
    {
      name: "engine-composes-stages",
      severity: "error",
      from: { path: "^packages/engine/", pathNot: "(\\.test|-rig)\\.ts$" },
      to: { path: "^packages/(cli|testkit)/" },
    },
    {
      name: "cli-sees-the-engine-entry-and-the-ledger",
      severity: "error",
      from: { path: "^packages/cli/" },
      to: {
        path: "^packages/(analyzer|workdir)/|^packages/(engine|ledger|core)/src/(?!index\\.ts|agent\\.ts)",
      },
    },
    {
      name: "packages-meet-at-their-entries",
      severity: "error",
      from: { path: "^packages/([^/]+)/" },
      to: {
        path: "^packages/([^/]+)/src/(?!index\\.ts|agent\\.ts|tracking\\.ts|internal\\.ts)",
        pathNot: "^packages/$1/",
      },
    },
    {
      name: "only-the-executor-starts-threads-and-processes",
      comment:
        "Besides it the mount host, which must be a process: a namespace lives as long as one; the tracker, which " +
        "builds its library with a compiler and proves it on a shell; and the command, which opens the user's editor.",
      severity: "error",
      from: {
        path: "^packages/",
        pathNot:
          "^packages/(engine/src/executor|workdir/src/(tracking|overlay)|testkit)/|^packages/cli/src/commands/open-editor\\.ts$|\\.test\\.ts$",
      },
      to: { path: "^(node:)?(child_process|worker_threads|cluster)$|piscina" },
    },
    {
      name: "the-scheduler-is-pure",
      comment: "No clock, file, thread or promise; only core.",
      severity: "error",
      from: { path: "^packages/engine/src/scheduler/", pathNot: "\\.test\\.ts$" },
      to: { pathNot: "^packages/(engine/src/scheduler|core)/" },
    },
    {
      name: "only-the-analyzer-talks-to-models",
      severity: "error",
      from: { path: "^packages/", pathNot: "^packages/analyzer/src/llm/|\\.test\\.ts$" },
      to: { path: "node_modules/openai" },
    },
    {
      name: "agents-load-little",
      comment: "Every worker loads the entry for agents.",
      severity: "error",
      from: { path: "^packages/(cli|engine)/src/agent\\.ts$" },
      to: { path: "^packages/(analyzer|workdir|ledger)/|/(run|executor|tasks)/", reachable: true },
    },
    {
      name: "testkit-stays-out-of-the-product",
      severity: "error",
      from: { path: "^packages/(?!testkit)", pathNot: "(\\.test|-rig)\\.ts$|/fixtures/" },
      to: { path: "^packages/testkit/" },
    },
  ],
  options: {
    parser: "swc",
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)dist/|\\.test\\.ts$|/fixtures/" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["@sheaf/source", "import", "node", "default"],
      extensions: [".ts", ".mts", ".js", ".mjs", ".json"],
    },
  },
};
