/** The lines to the outside: how each is doing in plain words, a test that says what is wrong, and a guided beginning. */
import { useTrunkStatuses } from "../../records/marks.tsx";
import { columnsOf, stateColumn } from "../../records/columns.tsx";
import { kindNamed } from "../../office/kinds.ts";
import { RecordPage } from "../../records/RecordPage.tsx";
import { textOf } from "../../records/references.ts";
import { NewTrunk } from "./NewTrunk.tsx";
import { TrunkMark, TrunkState } from "./TrunkState.tsx";
import { TrunkTest } from "./TrunkTest.tsx";

export function TrunksPage() {
  const statuses = useTrunkStatuses();
  const [first, ...others] = columnsOf(kindNamed("trunk"));
  const state = stateColumn(
    (record) => <TrunkMark status={statuses.get(textOf(record["id"]))} enabled={record["enabled"] === true} />,
    (record) => statuses.get(textOf(record["id"]))?.state ?? "",
  );
  return (
    <RecordPage
      kind="trunk"
      icon="node"
      columns={[...(first === undefined ? [] : [first]), state, ...others]}
      begin={(start, close) => <NewTrunk onChoose={start} onClose={close} />}
      lead={({ record }) => <TrunkMark status={statuses.get(textOf(record["id"]))} enabled={record["enabled"] === true} />}
      above={({ record }) => (
        <>
          <TrunkState status={statuses.get(textOf(record["id"]))} />
          <TrunkTest id={textOf(record["id"])} />
        </>
      )}
    />
  );
}
