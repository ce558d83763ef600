// Viewer response, for the paths whose answers are kept. What was said to CloudFront is not meant for
// whoever asks: no cache on the way to them has API key and generation in its key.
function handler(event) {
  const response = event.response;
  const headers = response.headers;
  const said = headers['cache-control'];
  if (said === undefined || !said.value.includes('s-maxage')) return response;
  headers['cache-control'] = { value: 'private, max-age=0' };
  // Of the request that was answered first, perhaps somebody else's; one that is kept costs no token.
  delete headers['ratelimit-limit'];
  delete headers['ratelimit-remaining'];
  delete headers['ratelimit-reset'];
  return response;
}
