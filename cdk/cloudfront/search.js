// Viewer request, for the paths whose answers are kept. It makes equal questions one key, and puts the
// generation of the index into it: `x-index-generation` is part of the key, and only this sets it.
import cf from 'cloudfront';

const generations = cf.kvs();

async function handler(event) {
  const request = event.request;
  const headers = request.headers;
  // Whatever a viewer says in these is written over, or gone.
  delete headers['x-index-generation'];
  delete headers['x-answer-as'];
  if (request.method !== 'GET' && request.method !== 'HEAD') return request;
  request.querystring = inOrder(request.querystring);
  headers['x-index-generation'] = { value: await generation() };
  headers['x-answer-as'] = { value: wantsEvents(headers.accept) ? 'events' : 'json' };
  return request;
}

/** `none` where nobody knows it: the edge then lets the answer be kept for a moment only. */
async function generation() {
  try {
    return (await generations.get('generation')) || 'none';
  } catch (error) {
    console.log('Cannot read the generation of the index: ' + error);
    return 'none';
  }
}

/**
 * The parameters by their names. Values stay as they were written, and those of one name in their
 * order, as it counts for some.
 */
function inOrder(parameters) {
  const parts = [];
  Object.keys(parameters)
    .sort()
    .forEach((name) => {
      const one = parameters[name];
      (one.multiValue || [one]).forEach((each) => parts.push(name + '=' + each.value));
    });
  return parts.join('&');
}

function wantsEvents(accept) {
  if (accept === undefined) return false;
  const values = accept.multiValue || [accept];
  return values.some((each) => each.value.toLowerCase().includes('text/event-stream'));
}
