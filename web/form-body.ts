/**
 * Fields and then a file, as a form is sent. Made here and not by the platform: where a form is
 * broken off, Node's own ends the process with an error that nobody can catch.
 */
export function toFormBody(fields: Readonly<Record<string, string>>, file: Blob): Blob {
  // In small letters, as the type of a blob is; and in no file by chance.
  const boundary = `----${random()}${random()}`;
  const begin = (name: string, more = '') =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"${more}\r\n\r\n`;
  const parts = Object.entries(fields).map(([name, value]) => `${begin(name)}${value}\r\n`);
  const head = `${parts.join('')}${begin('file', '; filename="file"')}`;
  const type = `multipart/form-data; boundary=${boundary}`;
  return new Blob([head, file, `\r\n--${boundary}--\r\n`], { type });
}

function random(): string {
  return Math.random().toString().slice(2);
}

function quoted(name: string): string {
  return name.replaceAll(/["\r\n]/g, encodeURIComponent);
}
