/** The kinds of records of an office, as the node describes them. */
import kinds from "../../schema/kinds.json";

export interface Kind {
  readonly name: string;
  readonly plural: string;
  readonly title: string;
  /** Below /api/v1. */
  readonly path: string;
  /** The field that names a record for ever. */
  readonly key: string;
  readonly numbered: boolean;
  readonly secrets: readonly string[];
  /** Names of the schemas in openapi.json. */
  readonly record: string;
  readonly write: string;
}

export const KINDS: readonly Kind[] = kinds;

/** Throws for a name that is no kind: the caller's mistake. */
export function kindNamed(name: string): Kind {
  const found = KINDS.find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no kind ${name}`);
  return found;
}
