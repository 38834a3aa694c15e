import { RecordPage } from "../../records/RecordPage.tsx";

export function TrunksPage() {
  return <RecordPage kind="trunk" icon="node" />;
}
