// The part of OTLP 1.x that is written here, as its JSON must be. A field that is not listed is a fault, as a decoder
// would drop it.
type Check = (value: unknown, path: string) => readonly string[];

const says =
  (what: string, holds: (value: unknown) => boolean): Check =>
  (value, path) =>
    holds(value) ? [] : [`${path} is ${JSON.stringify(value)}, not ${what}`];

const isText = (value: unknown): value is string => typeof value === "string";
const text = says("well-formed text", (v) => isText(v) && Buffer.from(v).toString() === v);
const hex = (bytes: number): Check =>
  says(
    `${bytes} bytes in hex`,
    (v) => isText(v) && new RegExp(`^[0-9a-f]{${2 * bytes}}$`).test(v) && !/^0+$/.test(v),
  );
const uint64 = says("an unsigned integer as text", (v) => isText(v) && /^(0|[1-9]\d{0,19})$/.test(v));
const int64 = says("an integer as text", (v) => isText(v) && /^-?(0|[1-9]\d{0,18})$/.test(v));
const float = says("a finite number", Number.isFinite);
const one = (...values: readonly unknown[]): Check => says(values.join(" or "), (v) => values.includes(v));

const list =
  (each: Check): Check =>
  (value, path) =>
    Array.isArray(value) ? value.flatMap((item, i) => each(item, `${path}[${i}]`)) : [`${path} is no list`];

const message =
  (required: Readonly<Record<string, Check>>, optional: Readonly<Record<string, Check>> = {}): Check =>
  (value, path) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return [`${path} is no object`];
    const missing = Object.keys(required).filter((key) => !Object.hasOwn(value, key));
    const fields: Readonly<Record<string, Check>> = { ...required, ...optional };
    return [
      ...missing.map((key) => `${path}.${key} is missing`),
      ...Object.entries(value).flatMap(([key, field]) =>
        Object.hasOwn(fields, key) ? fields[key]!(field, `${path}.${key}`) : [`${path}.${key} is unknown`],
      ),
    ];
  };

const oneOf =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value, path) =>
    Object.keys(value as object).length === 1
      ? message({}, fields)(value, path)
      : [`${path} has not one field`];

const value = oneOf({ stringValue: text, boolValue: one(true, false), intValue: int64, doubleValue: float });
const attributes: Check = (all, path) => {
  const keys = (all as readonly { readonly key: string }[]).map(({ key }) => key);
  const twice = new Set(keys).size < keys.length ? [`${path} has a key twice`] : [];
  return [...twice, ...list(message({ key: text, value }))(all, path)];
};
const span = message(
  {
    ...{ traceId: hex(16), spanId: hex(8), name: text, kind: one(1, 3), attributes },
    ...{ startTimeUnixNano: uint64, endTimeUnixNano: uint64 },
  },
  {
    parentSpanId: hex(8),
    links: list(message({ traceId: hex(16), spanId: hex(8), attributes })),
    status: message({ code: one(2), message: text }),
  },
);
const times = { startTimeUnixNano: uint64, timeUnixNano: uint64 };
const number = message({ ...times, attributes }, { asDouble: float, asInt: int64 });
const histogram = message({
  ...{ ...times, attributes, count: uint64, sum: float, min: float, max: float },
  ...{ bucketCounts: list(uint64), explicitBounds: list(float) },
});
const metric = message(
  { name: text, description: text, unit: text },
  {
    sum: message({ dataPoints: list(number), aggregationTemporality: one(2), isMonotonic: one(true) }),
    histogram: message({ dataPoints: list(histogram), aggregationTemporality: one(2) }),
  },
);
const scope = message({ name: text }, { version: text });
const resource = message({ attributes });
const schemaUrl = text;

/** Returns what is wrong with a message of spans. */
export const tracesProblems = (body: unknown): readonly string[] =>
  message({
    resourceSpans: list(
      message({ resource, schemaUrl, scopeSpans: list(message({ scope, schemaUrl, spans: list(span) })) }),
    ),
  })(body, "traces");

/** Returns what is wrong with a message of metrics. */
export const metricsProblems = (body: unknown): readonly string[] =>
  message({
    resourceMetrics: list(
      message({
        resource,
        schemaUrl,
        scopeMetrics: list(message({ scope, schemaUrl, metrics: list(metric) })),
      }),
    ),
  })(body, "metrics");
