import { useRef } from 'preact/hooks';
import { Icon } from './icons.tsx';
import { canUpload, uploadQueue, uploadsInfo } from './uploads-state.ts';

/** Lets files be chosen, where the server takes any. */
export function AddPictures() {
  const picker = useRef<HTMLInputElement>(null);
  if (!canUpload.value) return null;
  return (
    <>
      <button class="button add" id="add" type="button" onClick={() => picker.current?.click()}>
        <Icon name="add" />
        <span>Add pictures</span>
      </button>
      <input
        ref={picker}
        type="file"
        multiple
        hidden
        accept={uploadsInfo.value?.content_types.join()}
        onChange={({ currentTarget }) => {
          uploadQueue.add([...(currentTarget.files ?? [])]);
          // The same file may be chosen again.
          currentTarget.value = '';
        }}
      />
    </>
  );
}
