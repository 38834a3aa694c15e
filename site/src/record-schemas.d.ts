declare module "virtual:record-schemas" {
  const schemas: unknown;
  export default schemas;
}
