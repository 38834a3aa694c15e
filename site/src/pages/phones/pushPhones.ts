export const PUSH_PHONES = ["push-phones"];
