/** What went wrong with a request, in words for the page and by field for the form. Pure: `fetch` lives in src/api. */
import type { Text } from "../text/text.ts";

export interface FieldFault {
  readonly path: string;
  readonly message: string;
}

/** Every request either works or throws one of these. */
export class RequestFault extends Error {
  /** HTTP status; 0 when the node did not answer at all. */
  readonly status: number;
  readonly slug: string;
  readonly detail: string;
  readonly errors: readonly FieldFault[];
  readonly retryAfterS: number;

  constructor(
    status: number,
    slug: string,
    detail: string,
    errors: readonly FieldFault[] = [],
    retryAfterS = 0,
  ) {
    super(`${status} ${slug} ${detail}`.trim());
    this.name = "RequestFault";
    this.status = status;
    this.slug = slug;
    this.detail = detail;
    this.errors = errors;
    this.retryAfterS = retryAfterS;
  }

  get unreachable(): boolean {
    return this.status === 0;
  }
}

export const UNREACHABLE = 0;
/** The slug of an answer that no node gives. */
export const NOT_A_NODE = "not-a-node";

/**
 * Reads an RFC 9457 body; whatever is missing or odd is left empty rather than trusted. `words` are those of the page
 * for the node's English ones.
 */
export function faultFrom(status: number, body: unknown, retryAfter: string | null, words = (english: string) => english): RequestFault {
  const problem = isObject(body) ? body : {};
  const slug = text(problem["type"]).split(":").at(-1) ?? "";
  const sent = Array.isArray(problem["errors"]) ? problem["errors"].filter(isObject) : [];
  const errors = sent.map((each) => ({ path: text(each["path"]), message: adviceOf(each, words) }));
  const seconds = Number.parseInt(retryAfter ?? "", 10);
  const detail = text(problem["detail"]) || text(problem["title"]);
  const [first] = errors;
  // "$.name: …" is for programs; people read the advice.
  const technical = first !== undefined && first.path !== "" && detail.startsWith(`${first.path}: `);
  return new RequestFault(status, slug, technical ? sentence(first.message) : detail, errors, Number.isFinite(seconds) ? seconds : 0);
}

/** What the node says of anything that does not fit; what would fit stands beside it. */
const UNFIT = "this is not possible here";

/** One fault of a field as people read it: what would fit, where that is known, and what to do. */
export function adviceOf(fault: Readonly<Record<string, unknown>>, words = (english: string) => english): string {
  const [message, needed, action] = [text(fault["message"]), text(fault["needed"]), text(fault["action"])];
  const at = message.endsWith(UNFIT) && needed !== "" ? message.length - UNFIT.length : -1;
  const said = at < 0 ? message : `${message.slice(0, at)}${words(needed)}`;
  return action === "" ? said : `${sentence(said)} ${sentence(words(action))}`;
}

export function sentence(words: string): string {
  const whole = words.charAt(0).toUpperCase() + words.slice(1);
  return whole === "" || /[.!?…”]$/.test(whole) ? whole : `${whole}.`;
}

/** One sentence for a person. */
export function faultWords(fault: unknown, t: Text): string {
  if (!(fault instanceof RequestFault)) return t.problem.unexpected;
  if (fault.unreachable) return t.problem.unreachable;
  if (fault.status === 429) return t.session.slowDown(Math.max(1, fault.retryAfterS));
  if (fault.status === 412) return t.problem.conflict;
  if (fault.status === 404) return fault.detail || t.problem.notFound;
  if (fault.status >= 500) return t.problem.serverFault;
  const [first] = fault.errors;
  if (fault.detail !== "") return fault.detail;
  return first === undefined ? t.problem.titleFallback(fault.status) : first.message;
}

/** The faults of a form's fields by name: "$.name" and "name" both mean the field `name`. */
export function faultsByField(fault: unknown): Readonly<Record<string, string>> {
  if (!(fault instanceof RequestFault)) return {};
  return Object.fromEntries(fault.errors.map((each) => [/^(?:\$\.)?(\w*)/.exec(each.path)?.[1] ?? "", sentence(each.message)]));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
