/** The part of JSON Schema 2020-12 in which the parameters of nodes are described (`schema/nodes.json`). */
export interface ParameterSchema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, ParameterSchema>>;
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly anyOf?: readonly ParameterSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, ParameterSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | ParameterSchema;
  readonly items?: ParameterSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly "x-ref"?: string;
  readonly "x-unit"?: string;
  readonly "x-widget"?: string;
}
