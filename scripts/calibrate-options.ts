import { parseArgs } from 'node:util';

export const calibrateHelp = `How sure a score is: fits confidence = 1 / (1 + exp(-slope * (score - middle))) to the top 10 of labelled
texts, some right and some not. One half of the texts is fitted, the other half says how far to trust it.

  npm run evaluate -- calibrate [options]

  --pairs <file>   labelled texts over your own index, for your own model: one JSON object a line,
                   { "query": "a red car", "files": ["cars/1.jpg", "cars/7.jpg"] }, with all
                   that is right for it, as file_path or as "ids"; 50 texts or more
  --max-error <r>  exit code 2 where the expected calibration error is above, 0 to 1 (0.05)
  --write          put it into the model.json of the model in force; the next start uses it
  --json           for machines
  --help           this text

Without --pairs: the built-in model, by the names and keywords of the demo pictures, and by phrases that
were kept out of its training. Another model has no labels here, and no calibration until you give it
pairs: its confidence is null. With --pairs the index in DATA_DIR is asked: stop \`npm start\` meanwhile.
`;

export type CalibrateOptions = ReturnType<typeof parseCalibrateArguments>;

export function parseCalibrateArguments(args: string[]) {
  return parseArgs({
    args,
    options: {
      pairs: { type: 'string' },
      'max-error': { type: 'string', default: '0.05' },
      write: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  }).values;
}
