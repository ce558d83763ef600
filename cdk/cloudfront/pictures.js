// Viewer request, for /pictures/*: the rest of the path is the key in the bucket. What the index keeps
// beside the pictures is for nobody, but for the thumbnails.
const prefix = '/pictures/';

function handler(event) {
  const request = event.request;
  // The path as it was sent: CloudFront chose by `/a/../pictures/b` as if it were tidy, and says it so.
  if (!request.uri.startsWith(prefix)) return notFound();
  const key = request.uri.slice(prefix.length);
  if (!isShown(key)) return notFound();
  request.uri = '/' + key;
  return request;
}

function isShown(escaped) {
  let key;
  try {
    key = decodeURIComponent(escaped);
    // oxlint-disable-next-line no-unused-vars -- this engine may know no `catch` without a name.
  } catch (error) {
    return false;
  }
  const names = key.split('/').filter((name) => name !== '' && name !== '.');
  // None is the bucket itself, which would be listed.
  if (names.length === 0 || names.includes('..')) return false;
  if (names[0] !== '.picture-search') return true;
  return /^\.picture-search\/thumbnails\/\d+\.webp$/.test(key);
}

function notFound() {
  return {
    statusCode: 404,
    statusDescription: 'Not Found',
    headers: { 'cache-control': { value: 'no-store' } },
  };
}
