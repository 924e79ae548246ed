/* The script of the report: page.js (data, words), page_table.js (tables), page_draw.js (pictures), page_parts.js (the
 * sections).
 *
 * Everything from a capture is put on the page as text nodes, never as markup. Links in mails are text. */
'use strict';

const block = (id) => document.getElementById(id).textContent;
const meta = JSON.parse(block('meta'));
const sessions = JSON.parse(block('sessions')).map((r, index) => ({ index, start: r[0], end: r[1], client: r[2], clientPort: r[3],
  server: r[4], serverPort: r[5], mails: r[6], accepted: r[7], high: r[8], medium: r[9], low: r[10], tls: r[11], user: r[12],
  helo: r[13], banner: r[14], octets: r[15], close: r[16], community: r[17], flow: r[18], file: r[19], flags: r[20],
  gap: r[21], left: r[22], proxy: r[23], time: r[0] }));
const mails = JSON.parse(block('mails')).map((r, index) => ({ index, session: r[0], tx: r[1], time: r[2], outcome: r[3], stage: r[4],
  from: r[5], to: r[6], refused: r[7], size: r[8], sha256: r[9], subject: r[10], header: r[11], worst: r[12], files: r[13],
  missing: r[14] }));
const alerts = JSON.parse(block('alerts')).map((r, index) => ({ index, severity: r[0], id: r[1], category: r[2], words: r[3],
  outcome: r[4], evidence: r[5], time: r[6], packet: r[7], session: r[8], mail: r[9], state: r[10], direction: r[11],
  client: r[12], server: r[13] }));
const files = JSON.parse(block('files')).map((r, index) => ({ index, sha256: r[0], size: r[1], type: r[2], magic: r[3], count: r[4],
  names: r[5], mails: r[6] }));

/* A block of lines that are parsed only when they are shown. */
function lazy(id) {
  let lines = null;
  return (index) => {
    lines = lines || block(id).split('\n');
    return JSON.parse(lines[index]);
  };
}
let replies = null;
const replyOf = (row) => {
  replies = replies || JSON.parse(block('replies'));
  return typeof row === 'number' ? replies[row] : row;
};
const detailOf = lazy('details');
const ladderOf = lazy('ladders');

const severityWords = ['', 'high', 'medium', 'low'];
const ARROW = ' \u2192 ';
const DASH = '\u2013';

/* ---- elements ---- */

const SVG = 'http://www.w3.org/2000/svg';

function fill(element, attributes, children) {
  for (const name of Object.keys(attributes || {})) {
    const value = attributes[name];
    if (name === 'on')
      for (const event of Object.keys(value)) element.addEventListener(event, value[event]);
    else if (value !== null && value !== undefined && value !== false)
      element.setAttribute(name, value === true ? '' : value);
  }
  for (const child of children.flat(Infinity))
    if (child !== null && child !== undefined && child !== false)
      element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  return element;
}
const el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
const link = (words, action) => el('button', { type: 'button', class: 'link', on: { click: action } }, words);
const byId = (id) => document.getElementById(id);

/* ---- words ---- */

const count = (number) => number.toLocaleString('en-US');
const plural = (number, word) => count(number) + ' ' + word + (number === 1 ? '' : 's');
const clean = (path) => (path && path.length > 2 && path[0] === '<' && path.endsWith('>') ? path.slice(1, -1) : path || '');

function octets(number) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (number >= 1024 && unit < units.length - 1) {
    number /= 1024;
    unit++;
  }
  return (unit === 0 ? number : number.toFixed(number < 10 ? 1 : 0)) + ' ' + units[unit];
}

/* Times are microseconds since 1970. */
const iso = (time) => new Date(time / 1000).toISOString();
function moment(time, digits) {
  if (!time)
    return '';
  const micro = String(Math.floor(time) % 1000000).padStart(6, '0');
  return iso(time).slice(0, 19).replace('T', ' ') + (digits ? '.' + micro.slice(0, digits) : '');
}
function duration(micro) {
  const seconds = micro / 1e6;
  if (seconds < 0.001)
    return micro + ' \u00b5s';
  if (seconds < 1)
    return (seconds * 1000).toFixed(seconds < 0.1 ? 1 : 0) + ' ms';
  if (seconds < 120)
    return seconds.toFixed(seconds < 10 ? 2 : 0) + ' s';
  if (seconds < 7200)
    return (seconds / 60).toFixed(0) + ' min';
  return seconds < 172800 ? (seconds / 3600).toFixed(1) + ' h' : (seconds / 86400).toFixed(1) + ' days';
}
const endpoint = (address, port) => (address && address.includes(':') ? '[' + address + ']:' + port : (address || '?') + ':' + port);
const outcomeOf = (mail) => el('span', { class: mail.outcome }, mail.outcome + (mail.outcome === 'rejected' ? ' at ' + mail.stage : ''));
const badge = (words, kind) => el('span', { class: 'badge ' + (kind || words) }, words);

/* ---- the selected range of time; null: all ---- */

const state = { range: null, listeners: [] };
const inRange = (item) => !state.range || (item.time >= state.range[0] && item.time < state.range[1]);
function setRange(range) {
  state.range = range;
  for (const listener of state.listeners) listener();
}
