// OTLP as JSON: ids in hex, enumerations as numbers, 64-bit integers as texts.
// Source: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding (OTLP 1.x)

export type OtlpValue =
  | { readonly stringValue: string }
  | { readonly boolValue: boolean }
  | { readonly intValue: string }
  | { readonly doubleValue: number };

export interface OtlpAttribute {
  readonly key: string;
  readonly value: OtlpValue;
}

/** Attributes by name; null is left out. A number says by `int` or `double` which it is, whatever its value. */
export type Attributes = Readonly<Record<string, string | boolean | OtlpValue | null>>;

export interface OtlpSpan {
  /** 16 bytes. */
  readonly traceId: string;
  /** 8 bytes. */
  readonly spanId: string;
  /** Absent for the root. */
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: SpanKind;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly OtlpAttribute[];
  readonly links?: readonly OtlpLink[];
  readonly status?: { readonly code: typeof STATUS_ERROR; readonly message: string };
}

export interface OtlpLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: readonly OtlpAttribute[];
}

export const SPAN_KIND = { internal: 1, client: 3 } as const;
type SpanKind = (typeof SPAN_KIND)[keyof typeof SPAN_KIND];
export const STATUS_ERROR = 2;
/** Each export says all since the run began, so that an export that comes later takes the place of this one. */
const CUMULATIVE = 2;

/** Of whom, and from when to when, a figure is. */
export interface MeasuredSpan {
  readonly startTimeUnixNano: string;
  readonly timeUnixNano: string;
}

interface NumberPoint extends MeasuredSpan {
  readonly attributes: readonly OtlpAttribute[];
  readonly asDouble?: number;
  readonly asInt?: string;
}

interface HistogramPoint extends MeasuredSpan {
  readonly attributes: readonly OtlpAttribute[];
  readonly count: string;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  readonly bucketCounts: readonly string[];
  readonly explicitBounds: readonly number[];
}

export interface OtlpMetric {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly sum?: {
    readonly dataPoints: readonly NumberPoint[];
    readonly aggregationTemporality: typeof CUMULATIVE;
    readonly isMonotonic: true;
  };
  readonly histogram?: {
    readonly dataPoints: readonly HistogramPoint[];
    readonly aggregationTemporality: typeof CUMULATIVE;
  };
}

/** A whole number; null where it is not known. */
export function int(value: number | null | undefined): OtlpValue | null {
  return Number.isSafeInteger(value) ? { intValue: String(value) } : null;
}

/** Any number; null where it is not known. */
export function double(value: number | null | undefined): OtlpValue | null {
  return Number.isFinite(value) ? { doubleValue: value as number } : null;
}

// A decoder may refuse all of a request for half a surrogate pair.
const wellFormed = (text: string): string => Buffer.from(text, "utf8").toString("utf8");

export function otlpAttributes(attributes: Attributes): readonly OtlpAttribute[] {
  return Object.entries(attributes).flatMap(([key, value]): readonly OtlpAttribute[] => {
    if (value === null) return [];
    if (typeof value === "string") return [{ key, value: { stringValue: wellFormed(value) } }];
    return [{ key, value: typeof value === "boolean" ? { boolValue: value } : value }];
  });
}

export const otlpText: (text: string) => string = wellFormed;

/** Returns a time in ms since 1970 as nanoseconds, exact to the microsecond. */
export function unixNano(ms: number): string {
  return String(BigInt(Math.round(ms * 1000)) * 1000n);
}

export interface Named {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
}

export interface Figure {
  readonly attributes: Attributes;
  readonly value: number;
}

/** Returns how much there was of something, by attributes; values with the same ones are added up before. */
export function otlpSum(named: Named, of: MeasuredSpan, figures: readonly Figure[]): OtlpMetric {
  const dataPoints = figures.map(({ attributes, value }) => ({
    ...of,
    attributes: otlpAttributes(attributes),
    ...(named.unit === "{USD}" ? { asDouble: value } : { asInt: String(value) }),
  }));
  return { ...named, sum: { dataPoints, aggregationTemporality: CUMULATIVE, isMonotonic: true } };
}

/** Returns how values spread over buckets, by attributes. A bucket takes what is at most its bound. */
export function otlpHistogram(
  named: Named & { readonly bounds: readonly number[] },
  of: MeasuredSpan,
  figures: readonly Figure[],
): OtlpMetric {
  const { bounds, ...rest } = named;
  const groups = new Map<string, { attributes: readonly OtlpAttribute[]; values: number[] }>();
  for (const { attributes, value } of figures) {
    const listed = otlpAttributes(attributes);
    const key = JSON.stringify(listed);
    const group = groups.get(key) ?? { attributes: listed, values: [] };
    group.values.push(value);
    groups.set(key, group);
  }
  const dataPoints = [...groups.values()].map(({ attributes, values }) => ({
    ...of,
    attributes,
    count: String(values.length),
    sum: values.reduce((sum, value) => sum + value, 0),
    min: values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY),
    max: values.reduce((most, value) => Math.max(most, value), 0),
    bucketCounts: bucketCounts(values, bounds),
    explicitBounds: bounds,
  }));
  return { ...rest, histogram: { dataPoints, aggregationTemporality: CUMULATIVE } };
}

function bucketCounts(values: readonly number[], bounds: readonly number[]): readonly string[] {
  const counts = new Array<number>(bounds.length + 1).fill(0);
  for (const value of values) {
    const at = bounds.findIndex((bound) => value <= bound);
    counts[at < 0 ? bounds.length : at]! += 1;
  }
  return counts.map(String);
}
