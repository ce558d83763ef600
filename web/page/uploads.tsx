import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiKeyForm } from './api-key-form.tsx';
import { RoundButton } from './round-button.tsx';
import { wantsKey } from './upload-queue.ts';
import { UploadRow } from './upload-row.tsx';
import { isUnderWay, summarizeUploads } from './upload-state.ts';
import { askForUploadsInfo, canUpload, uploadQueue } from './uploads-state.ts';
import { useDrops } from './use-drops.ts';
import './uploads.css';

interface UploadsProps {
  /** Called when some were added and none is under way. */
  readonly onAdded: () => void;
}

/** Where pictures are dropped, and how far those are that are being added. */
export function Uploads({ onAdded }: UploadsProps) {
  const { entries, rounds, remark } = uploadQueue;
  const isOver = useDrops(canUpload.value, (dropped) => {
    remark.value = dropped.remark;
    uploadQueue.add(dropped.files);
  });

  useEffect(() => void askForUploadsInfo(), []);
  useEffect(() => {
    if (rounds.value > 0) onAdded();
  }, [rounds.value]);
  useAskingBeforeLeaving();

  const isShown = entries.value.length > 0 || remark.value !== '';
  return (
    <>
      {isShown && <Panel />}
      {isOver && (
        <div class="drop" aria-hidden="true">
          <p>Drop the pictures to add them</p>
        </div>
      )}
    </>
  );
}

function Panel() {
  const [isFolded, setFolded] = useState(false);
  const { entries, remark } = uploadQueue;
  const states = entries.value.map(({ state }) => state.value);
  const isKeyWanted = states.some(wantsKey);
  const title = states.length === 0 ? 'Nothing was added' : summarizeUploads(states);

  // What is added to a list that was put away is shown.
  useEffect(() => setFolded(false), [entries.value.length, isKeyWanted]);

  function close(): void {
    uploadQueue.clear();
    document.getElementById('add')?.focus();
  }

  return (
    <section class="uploads" aria-labelledby="uploads-name">
      <div class="upload-bar">
        <h2 id="uploads-name">{title}</h2>
        <Fold isFolded={isFolded} setFolded={setFolded} />
        {!states.some(isUnderWay) && <RoundButton icon="close" name="Close the list" act={close} />}
      </div>
      {/* Read out when it changes, which percents do not change. */}
      <p class="unseen" role="status">
        {title}
      </p>
      {remark.value !== '' && (
        <p class="upload-remark" role="status">
          {remark}
        </p>
      )}
      {isKeyWanted && (
        <div class="upload-key">
          <ApiKeyForm again={uploadQueue.retryWithKey} />
        </div>
      )}
      <FileList isFolded={isFolded} />
    </section>
  );
}

/** It scrolls, and may have nothing in it that can be focused. */
function FileList({ isFolded }: { readonly isFolded: boolean }) {
  const list = useRef<HTMLUListElement>(null);
  const { length } = uploadQueue.entries.value;

  // What is added to a list is seen.
  const before = useRef(length);
  useEffect(() => {
    const added = list.current?.children[before.current];
    if (before.current > 0) added?.scrollIntoView({ block: 'nearest' });
    before.current = length;
  }, [length]);

  return (
    <ul
      ref={list}
      class="upload-list"
      id="upload-list"
      aria-label="Files"
      tabIndex={0}
      hidden={isFolded || length === 0}
    >
      {uploadQueue.entries.value.map((entry) => (
        <UploadRow key={entry.key} entry={entry} />
      ))}
    </ul>
  );
}

interface FoldProps {
  readonly isFolded: boolean;
  readonly setFolded: (isFolded: boolean) => void;
}

function Fold({ isFolded, setFolded }: FoldProps) {
  return (
    <RoundButton
      icon="fold"
      name={isFolded ? 'Show the list' : 'Hide the list'}
      expanded={!isFolded}
      act={() => setFolded(!isFolded)}
    />
  );
}

/** A browser asks before a page is left that says so. */
function useAskingBeforeLeaving(): void {
  useEffect(() => {
    const ask = (event: Event) => {
      const isBusy = uploadQueue.entries.peek().some(({ state }) => isUnderWay(state.peek()));
      if (isBusy) event.preventDefault();
    };
    addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  }, []);
}
