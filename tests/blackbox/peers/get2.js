// Node's HTTP/2 client, with a client certificate: several requests beside one another on one connection.
const fs = require('fs');
const http2 = require('http2');

const [url, ca, cert, key] = process.argv.slice(2);
const client = http2.connect(url, {
  ca: fs.readFileSync(ca),
  cert: fs.readFileSync(cert),
  key: fs.readFileSync(key),
});
client.on('error', (error) => {
  console.log('error', error.code, error.message);
  process.exit(1);
});

function get(path) {
  return new Promise((resolve, reject) => {
    const request = client.request({':path': path});
    let body = '';
    let status = 0;
    request.on('response', (headers) => { status = headers[':status']; });
    request.setEncoding('utf8');
    request.on('data', (piece) => { body += piece; });
    request.on('end', () => resolve({status, body}));
    request.on('error', reject);
    request.end();
  });
}

(async () => {
  const all = await Promise.all(Array.from({length: 50}, () => get('/')));
  console.log(all.filter((each) => each.status === 200).length, 'answers:', all[0].body.trim());
  const nothing = await get('/nothing/there');
  console.log(nothing.status);
  client.close();
})();
