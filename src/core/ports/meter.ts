/** One request that was answered. Callers can't invent label values: the code knows every possible value. */
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

/** Collects the metrics that the operator sees under `/metrics`. */
export interface Meter {
  countRequest: (request: RequestMetric) => void;
  /** Returns all metrics as text in the Prometheus format. */
  scrape: () => Promise<string>;
  /** The content type of that text. */
  contentType: string;
}
