// Asks for a URL: node get.js URL CA [CERT KEY]; prints status and body, or why there was none.
const https = require('https');
const fs = require('fs');
const [url, ca, cert, key] = process.argv.slice(2);
const read = (name) => (name ? fs.readFileSync(name) : undefined);
https
  .get(url, {ca: read(ca), cert: read(cert), key: read(key)}, (answer) => {
    let body = '';
    answer.on('data', (piece) => (body += piece));
    answer.on('end', () => process.stdout.write(`${answer.statusCode} ${body}`));
  })
  .on('error', (failure) => {
    process.stdout.write(`failed: ${failure.code} ${failure.message}`);
    process.exitCode = 1;
  });
