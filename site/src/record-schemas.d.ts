declare module "virtual:record-schemas" {
  const schemas: unknown;
  export default schemas;
}

declare module "virtual:form-validators/*" {
  const validators: unknown;
  export default validators;
}
