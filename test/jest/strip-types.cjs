// Node's own type stripping keeps every position, so stack traces and coverage need no source map.
const { stripTypeScriptTypes } = require('node:module');
module.exports = { process: (source) => ({ code: stripTypeScriptTypes(source) }) };
