// Tests wait for conditions, and `until` tells what it waited for; jest's own limit is only a last resort.
import { jest } from '@jest/globals';

jest.setTimeout(180_000);
