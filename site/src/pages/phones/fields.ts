import recordSchemas from "virtual:record-schemas";
import { fieldsOf, type Field, type Schemas } from "../../core/schema.ts";
import { t } from "../../text/index.ts";

// Made at build time from the node's own description (see record-schemas.ts at the root of the site).
const schemas = recordSchemas as Schemas;

/** The form fields of an extension, without those a form does not show. */
export function extensionFields(without: readonly string[]): readonly Field[] {
  return fieldsOf(schemas, "ExtensionWrite", t).filter((field) => !without.includes(field.name));
}
