// Loaded before the operator (`node --import`): its wall clock is off by as many milliseconds as the file named by
// SLUICE_TEST_CLOCK says, from the moment at which it says so. The monotonic clock stays what it is, as on a machine
// whose time is set. What it is off by is written beside the file, so that whoever sets it knows that it was.
import { readFileSync, watch, writeFileSync } from 'node:fs';

const file = process.env.SLUICE_TEST_CLOCK;
const RealDate = Date;
let offset = 0;
const read = () => {
  offset = Number(readFileSync(file, 'utf8')) || 0;
  writeFileSync(`${file}.taken`, String(offset));
};
read();
watch(file, { persistent: false }, read);

globalThis.Date = class Date extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + offset);
    else super(...args);
  }

  static now() {
    return RealDate.now() + offset;
  }
};
