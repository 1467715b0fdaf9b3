interface Report {
  /** Not known to Node before 20.13; else the report looks up names of the machine's network. */
  excludeNetwork?: boolean | undefined;
  getReport(): { readonly userLimits?: { readonly open_files?: { readonly soft: number | "unlimited" } } };
}

/** Returns how many files this process may have open, or null where the system does not say. */
export function openFileLimit(): number | "unlimited" | null {
  const report = process.report as unknown as Report;
  const { excludeNetwork } = report;
  report.excludeNetwork = true;
  try {
    return report.getReport().userLimits?.open_files?.soft ?? null;
  } finally {
    report.excludeNetwork = excludeNetwork;
  }
}
