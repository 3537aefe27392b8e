/** Imported before anything that makes schemas: zod otherwise compiles them, which the page forbids. */
import { config } from 'zod';

config({ jitless: true });
