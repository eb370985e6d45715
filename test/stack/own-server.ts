/**
 * A separate program for a test: starts a server, prints its pid, and waits to be killed.
 * Usage: own-server.ts <temporal program> <log file>.
 */
import { startTemporalServer } from '../../src/stack/start-temporal-server.ts';

const [temporalPath = '', logPath = ''] = process.argv.slice(2);
const server = await startTemporalServer({ temporalPath, logPath });
console.log(server.pid);
await server.ended;
