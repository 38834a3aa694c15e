import { RequestFault, faultWords } from "../../core/problem.ts";
import { DocumentFault } from "../../office/documents/document.ts";
import { t } from "../../text/index.ts";

/** What went wrong with documents, in one sentence. */
export function documentWords(fault: unknown): string {
  if (fault instanceof DocumentFault) {
    const words = t.documents.file;
    if (fault.reason === "empty") return words.empty;
    if (fault.reason === "misnamed") return words.misnamed(fault.place, fault.wanted);
    if (fault.reason === "twice") return words.twice(fault.place, fault.wanted);
    return words[fault.reason](fault.place);
  }
  if (fault instanceof RequestFault && fault.errors.length > 0) {
    const [first] = fault.errors;
    return `${first?.path ?? ""}: ${first?.message ?? ""}`;
  }
  return faultWords(fault, t);
}
