/**
 * What is ours among everything a Prometheus scrapes. On Kubernetes it is the namespace that targets have by themselves;
 * elsewhere the scrape configuration sets the same label. `job` is the name of the service, `influscope` where all of them
 * are one process, and `daprd` for sidecars.
 */
const ours = 'namespace="influscope"'

/** The series of a metric of ours, with further matchers as PromQL writes them. */
export const select = (metric: string, matchers = ""): string =>
  `${metric}{${matchers === "" ? ours : `${ours},${matchers}`}}`

/** `sum by (labels) (rate(...))` of a counter; the sum of all where no labels are named. */
export const rate = (metric: string, window: string, { by = "", matchers = "" } = {}): string =>
  `sum${by === "" ? "" : ` by (${by})`} (rate(${select(metric, matchers)}[${window}]))`

/** A quantile of a histogram; of all its series together where no labels are named. */
export const quantile = (
  q: number,
  metric: string,
  window: string,
  { by = "", matchers = "" } = {}
): string =>
  `histogram_quantile(${q}, ${rate(`${metric}_bucket`, window, { by: by === "" ? "le" : `le, ${by}`, matchers })})`

/** Who answers people and programs from outside. */
const edge = 'job=~"api|influscope"'

/** Requests from outside, without those of probes and of Prometheus itself. */
export const outsideRequests = `${edge},route!~"/livez|/readyz|/metrics"`

/** Searches, and how long an answer may take that counts as quick: a bound of the histogram. */
export const searches = `${edge},route=~"/search|/v1/search"`
export const quickSeconds = 0.25
