/** One answered request. Every label is one of a set that the code knows, so callers can't make more of them. */
export interface RequestMetric {
  surface: string;
  /** Operation id, or `unmatched`. */
  operation: string;
  transport: string;
  status: number;
  /** Undefined for a success. */
  errorCode: string | undefined;
  seconds: number;
}

/** What is measured and shown to the operator. */
export interface Meter {
  countRequest: (request: RequestMetric) => void;
  /** Everything measured, as text for whoever scrapes it. */
  scrape: () => Promise<string>;
  contentType: string;
}
