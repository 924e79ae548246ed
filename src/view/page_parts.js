/* The sections of the page, the drawer with details, keys, printing; and the start. */

const tables = [];
const part = (name) => byId('part-' + name);
const head = (name, title, ...more) => part(name).append(el('div', { class: 'head' }, el('h2', { id: name + '-title' }, title), more));

/* ---- the drawer with details ---- */

function openDrawer(title, ...content) {
  const drawer = byId('drawer');
  drawer.replaceChildren(el('div', { class: 'top' }, el('h2', null, title),
    el('button', { type: 'button', on: { click: closeDrawer }, 'aria-label': 'Close' }, '\u00d7')), ...content.flat(Infinity).filter(Boolean));
  drawer.hidden = false;
  drawer.scrollTop = 0;
  document.body.classList.add('open');
}

function closeDrawer() {
  byId('drawer').hidden = true;
  document.body.classList.remove('open');
}

const facts = (pairs) => el('dl', { class: 'facts' }, pairs.filter(([, value]) => value !== null && value !== undefined && value !== '' && value !== false).map(
  ([name, value]) => [el('dt', null, name), el('dd', null, value)]));
const lines = (list) => (list && list.length > 0 ? list.join('\n') : null);

function showFile(file) {
  openDrawer(file.names[0] || file.type || 'File', facts([['SHA-256', el('span', { class: 'mono' }, file.sha256)], ['Size', plural(file.size, 'octet')], ['Type', file.type], ['Content', file.magic],
    ['Names', lines(file.names)], ['Mails', count(file.count)]]), el('h3', null, 'In these mails'),
  file.mails.map((at) => mails[at]).filter(Boolean).map((mail) => el('div', { class: 'part' }, el('span', { class: 'dot s' + mail.worst }),
    link(mail.subject || '(no subject)', () => showMail(mail)), el('span', { class: 'faint' }, moment(mail.time, 0)),
    el('span', { class: 'hash' }, clean(mail.from) + ARROW + mail.to.map(clean).join(', ')))));
}

function showMail(mail) {
  const more = detailOf(mail.index), session = sessions[mail.session];
  const own = alerts.filter((alert) => alert.mail === mail.index).sort((a, b) => a.severity - b.severity);
  openDrawer(mail.subject || '(no subject)',
    facts([['Outcome', outcomeOf(mail)], ['Reply', more.reply && more.code + ' ' + more.reply], ['Envelope from', clean(mail.from) || '(nobody)'], ['Accepted for', lines(mail.to.map(clean))],
      ['Refused', lines(mail.refused.map(clean))], ['From', mail.header], ['To', lines(more.to)], ['Cc', lines(more.cc)], ['Bcc', lines(more.bcc)], ['Reply-To', more.reply_to],
      ['Date', more.date], ['Message-ID', more.message_id], ['In-Reply-To', more.in_reply_to], ['Mailer', more.x_mailer || more.user_agent], ['Originating IP', more.x_originating_ip],
      ['Size', plural(mail.size, 'octet')], ['SHA-256', mail.sha256 && el('span', { class: 'mono' }, mail.sha256)], ['Missing', mail.missing > 0 && plural(mail.missing, 'octet')],
      ['Session', session && link(endpoint(session.client, session.clientPort) + ARROW + endpoint(session.server, session.serverPort), () => showSession(session))],
      ['Time', moment(mail.time, 6)]]),
    own.length > 0 && [el('h3', null, 'Alerts'), own.map((alert) => alertBox(alert))],
    more.body !== undefined && [el('h3', null, 'Text' + (more.body_type ? ' (' + more.body_type + ')' : '')), el('pre', { class: 'body' }, more.body), more.cut && el('p', { class: 'faint' }, more.body ? 'The rest of the text is left out.' : 'The text is left out: the page has no room for it.')],
    more.parts.length > 0 && [el('h3', null, 'Parts'), more.parts.map(([place, name, type, size, row, whole]) => el('div', { class: 'part' },
      el('span', { class: 'faint' }, place), row >= 0 ? link(name || type || '(no name)', () => showFile(files[row])) : name || type, el('span', { class: 'faint' }, octets(size) + (whole ? '' : ', incomplete')),
      row >= 0 && el('span', { class: 'hash mono' }, files[row].sha256)))],
    more.url && more.url.length > 0 && [el('h3', null, 'Links'), el('pre', { class: 'body' }, more.url.join('\n'))],
    more.received && more.received.length > 0 && [el('h3', null, 'Received'), el('pre', { class: 'body' }, more.received.join('\n\n'))]);
}

const FLAGS = ['began before the capture', 'one direction is missing', 'the end is not in the records', 'continued from an earlier part', 'continued in a later part'];

function showSession(session) {
  const odd = FLAGS.filter((words, bit) => session.flags & 1 << bit);
  openDrawer(endpoint(session.client, session.clientPort) + ARROW + endpoint(session.server, session.serverPort),
    facts([['Time', moment(session.start, 6) + (session.end > session.start ? ' (' + duration(session.end - session.start) + ')' : '')], ['Greeting', session.helo], ['Banner', session.banner], ['User', session.user], ['Proxy', session.proxy],
      ['TLS', session.tls || 'no'], ['Octets', count(session.octets)], ['Closed by', session.close], ['Notes', odd.join(', ')], ['Missing', session.gap > 0 && plural(session.gap, 'octet')],
      ['flow_id', session.flow], ['community_id', session.community], ['Capture', session.file]]),
    el('h3', null, 'Dialogue'), ladder(session));
}

const alertBox = (alert) => el('div', { class: 'alone' }, el('div', { class: 'box ' + severityWords[alert.severity] },
  badge(severityWords[alert.severity]), ' ', el('b', null, alert.id), ' ', alert.outcome && badge(alert.outcome), el('p', null, alert.words),
  alert.evidence && el('div', { class: 'evidence' }, alert.evidence)));

/* ---- overview ---- */

/* tally - counts items by key, the most frequent first. */
function tally(list, key) {
  const sums = new Map();
  for (const item of list)
    sums.set(key(item), (sums.get(key(item)) || 0) + 1);
  return [...sums].sort((a, b) => b[1] - a[1]);
}

/* grave - the rank of alerts with the same severity: attacks that succeeded, other attacks, the rest. */
const grave = (own) => (own.some((alert) => alert.outcome === 'succeeded') ? 0 : own[0].category === 'attack' ? 1 : 2);

/* kinds - groups alerts by severity and id, the most severe first. */
function kinds(list) {
  const found = new Map();
  for (const alert of list) {
    const key = alert.severity + alert.id;
    if (!found.has(key))
      found.set(key, []);
    found.get(key).push(alert);
  }
  return [...found.values()].sort((a, b) => a[0].severity - b[0].severity || grave(a) - grave(b) || b.length - a.length);
}

/* notRead - a note on inputs that ended early, and why. */
function notRead() {
  const early = meta.inputs.filter((input) => !input.complete);
  const why = (input) => (input.error || 'no reason given').replace(input.name + ': ', '');
  if (early.length > 0)
    part('overview').append(el('p', { class: 'note' }, early.length === 1 ? (early[0].name || 'An input') + ' was not read to its end: ' + why(early[0])
      : plural(early.length, 'capture') + ' were not read to their end (below, Evidence): ' + early.slice(0, 3).map((i) => i.name + ' (' + why(i) + ')').join(', ') + (early.length > 3 ? ', ...' : '')));
}

function verdict() {
  const all = meta.all;
  const worst = all.high ? 'high' : all.medium ? 'medium' : all.low ? 'low' : '';
  const lines = [];
  const won = alerts.filter((alert) => alert.outcome === 'succeeded');
  for (const severity of [1, 2, 3]) {
    const own = alerts.filter((alert) => alert.severity === severity);
    if (own.length > 0 && lines.length < 2)
      lines.push([el('b', { class: severityWords[severity] }, plural(all[severityWords[severity]], severityWords[severity] + ' alert')), ': ',
        kinds(own).slice(0, 6).map((kind, i) => (i > 0 ? ', ' : '') + kind[0].id + (kind.length > 1 ? ' \u00d7' + count(kind.length) : ''))]);
  }
  const last = meta.histogram.start + meta.histogram.bins.length * meta.histogram.width;
  const span = Math.max(0, ...meta.inputs.map((input) => input.end)) - Math.min(...meta.inputs.map((input) => input.start || Infinity));
  const first = won.length > 0 ? plural(won.length, 'attack') + ' succeeded: ' + tally(won, (alert) => alert.id).map(([id]) => id).join(', ')
    : all.high ? plural(all.high, 'alert') + ' of high severity' : worst ? 'No alert of high severity' : 'No alerts';
  lines.push([plural(all.mails, 'mail') + ' in ' + plural(all.sessions, 'session') + ' between ' + plural(meta.hosts.filter((h) => h[1]).length, 'client') + ' and ' +
    plural(meta.hosts.filter((h) => h[2]).length, 'server') + (Number.isFinite(span) && span > 0 ? ' in ' + duration(span) : '') + (last > 0 && meta.histogram.start > 0 ? ', from ' + moment(meta.histogram.start, 0) + ' UTC' : '')]);
  const names = meta.inputs.map((input) => input.name).filter(Boolean);
  lines.push(['From ', names.length > 3 ? plural(names.length, 'capture') : names.join(', ') || 'records']);
  part('overview').append(el('div', { class: 'panel verdict has-' + worst }, el('p', { class: 'first' }, first), el('ul', null, lines.map((line) => el('li', null, line)))));
  notRead();
}

function tile(label, value, sub, meter) {
  const sum = meter ? meter.reduce((n, m) => n + m[0], 0) : 0;
  return el('div', { class: 'panel tile' }, el('div', { class: 'label' }, label), el('div', { class: 'value' }, count(value)), el('div', { class: 'sub' }, sub),
    sum > 0 && el('div', { class: 'meter' }, meter.map(([n, colour]) => {
      const piece = el('i');
      piece.style.width = 100 * n / sum + '%';
      piece.style.background = 'var(--' + colour + ')';
      return piece;
    })));
}

function overview() {
  const all = meta.all;
  part('overview').append(el('h2', { id: 'overview-title', hidden: true }, 'Overview'));
  verdict();
  const rest = all.mails - all.accepted - all.rejected - all.aborted;
  part('overview').append(el('div', { class: 'tiles' },
    tile('Alerts', all.high + all.medium + all.low, count(all.high) + ' high, ' + count(all.medium) + ' medium, ' + count(all.low) + ' low', [[all.high, 'high'], [all.medium, 'medium'], [all.low, 'low']]),
    tile('Mails', all.mails, count(all.accepted) + ' accepted, ' + count(all.rejected) + ' rejected, ' + count(all.aborted) + ' aborted', [[all.accepted, 'good'], [all.rejected, 'medium'], [all.aborted, 'faint'], [rest, 'low']]),
    tile('Sessions', all.sessions, plural(sessions.filter((s) => s.tls).length, 'session') + ' with TLS, ' + count(sessions.filter((s) => s.user).length) + ' logged in'),
    tile('Files', all.files, plural(files.length, 'different content')),
    tile('Hosts', meta.hosts.length, plural(new Set(meta.pairs.flatMap((p) => [p[0], p[1]])).size, 'domain') + ' in envelopes')));
  const line = new TimeLine(meta.histogram);
  part('overview').append(line.element);
  state.listeners.push(() => {
    byId('chip').hidden = !state.range;
    if (state.range)
      byId('chip-text').textContent = moment(state.range[0], 0).slice(5) + ' ' + DASH + ' ' + moment(state.range[1], 0).slice(5);
  });
  byId('chip-clear').addEventListener('click', () => setRange(null));
}

/* ---- alerts ---- */

const HITS_FIRST = 4, HITS_MORE = 100;

function hit(alert) {
  const session = sessions[alert.session], mail = mails[alert.mail];
  return el('div', { class: 'hit' }, el('span', { class: 'mono faint' }, moment(alert.time, 3)), el('span', { class: 'faint' }, 'packet ' + alert.packet),
    session ? link(alert.client + ARROW + alert.server, () => showSession(session)) : el('span', null, alert.client + ARROW + alert.server),
    el('span', null, alert.outcome && [badge(alert.outcome), ' '], alert.words, mail && [' ', link('mail: ' + (mail.subject || '(no subject)'), () => showMail(mail))]),
    alert.evidence && el('div', { class: 'evidence' }, alert.evidence));
}

function alertGroup(id, own) {
  const list = el('div', { class: 'hits' });
  let shown = 0;
  const more = () => {
    const button = list.querySelector('.more');
    if (button)
      button.remove();
    const next = Math.min(own.length, shown + (shown === 0 ? HITS_FIRST : HITS_MORE));
    own.slice(shown, next).forEach((alert) => list.append(hit(alert)));
    shown = next;
    if (shown < own.length)
      list.append(el('p', { class: 'more' }, link('Show more: ' + count(own.length - shown) + ' are left', more)));
  };
  const won = tally(own.filter((alert) => alert.outcome), (alert) => alert.outcome);
  const severity = Math.min(...own.map((alert) => alert.severity));
  const group = el('details', { class: 'group', on: { toggle: () => group.open && shown === 0 && more() } },
    el('summary', null, badge(severityWords[severity]), el('span', { class: 'id' }, id), el('span', { class: 'number' }, '\u00d7' + count(own.length)),
      el('span', { class: 'what' }, won.map(([word, n]) => [badge(word + (n > 1 ? ' \u00d7' + n : ''), word), ' ']), own[0].words)), list);
  return { group, severity, more };
}

function alertsPart() {
  const box = el('div', { class: 'panel' }), said = el('span', { class: 'faint', role: 'status' });
  let groups = [];
  head('alerts', 'Alerts', said);
  part('alerts').append(box);
  const draw = () => {
    const seen = alerts.filter(inRange);
    groups = kinds(seen).map((own) => ({ own, ...alertGroup(own[0].id, own) }));
    said.textContent = count(seen.length) + (seen.length === alerts.length ? '' : ' of ' + count(alerts.length));
    const grave = groups.filter((g) => g.severity < 3), low = groups.filter((g) => g.severity === 3);
    box.replaceChildren(...grave.map((g) => g.group));
    if (low.length > 0)
      box.append(el('details', { class: 'group fold', open: grave.length === 0 }, el('summary', null, badge('low'), el('span', { class: 'id' }, plural(low.length, 'kind') + ' of low severity'),
        el('span', { class: 'number' }, '\u00d7' + count(low.reduce((n, g) => n + g.own.length, 0))), el('span', { class: 'what' }, low.map((g) => g.own[0].id).join(', '))), low.map((g) => g.group)));
    if (groups.length === 0)
      box.append(el('p', { class: 'empty' }, 'No alerts.'));
    else if (groups[0].severity === 1)
      groups[0].group.open = true;
  };
  state.listeners.push(draw);
  draw();
  return () => box.querySelectorAll('details').forEach((group) => { group.open = true; });
}

/* ---- tables ---- */

function mailsPart() {
  const table = new Table('Mails', mails, [
    { title: '', width: '14px', value: (m) => -(m.worst ? 4 - m.worst : 0), show: (m) => el('span', { class: 'dot s' + m.worst, title: severityWords[m.worst] }) },
    { title: 'Time', width: '160px', value: (m) => m.time, show: (m) => moment(m.time, 0), kind: 'faint' },
    { title: 'Outcome', width: '88px', value: (m) => m.outcome, show: (m) => el('span', { class: m.outcome }, m.outcome) },
    { title: 'From', width: 'minmax(0, 1.1fr)', value: (m) => clean(m.from) },
    { title: 'To', width: 'minmax(0, 1.1fr)', value: (m) => m.to.concat(m.refused).map(clean).join(', ') },
    { title: 'Subject', width: 'minmax(0, 2fr)', value: (m) => m.subject || '' },
    { title: 'Parts', width: '46px', value: (m) => m.files, kind: 'number' },
    { title: 'Size', width: '74px', value: (m) => m.size, show: (m) => octets(m.size), kind: 'number' },
  ], (m) => [m.from, ...m.to, ...m.refused, m.subject, m.header, m.sha256, m.outcome], showMail);
  table.sorted = { column: 1, down: false };
  const outcomes = el('select', { 'aria-label': 'Outcome', on: { change: (e) => table.filter(
    e.target.value === '' ? null : e.target.value === '!' ? (m) => m.worst > 0 : (m) => m.outcome === e.target.value) } },
  el('option', { value: '' }, 'all outcomes'), el('option', { value: '!' }, 'with alerts'), tally(mails, (m) => m.outcome).map(([word]) => el('option', { value: word }, word)));
  searchable(part('mails'), 'Mails', table, outcomes);
  part('mails').append(table.element);
  tables.push(table);
  table.update();
  return table;
}

function sessionsPart() {
  const worst = (s) => (s.high ? 1 : s.medium ? 2 : s.low ? 3 : 0);
  const table = new Table('Sessions', sessions, [
    { title: '', width: '14px', value: (s) => -(worst(s) ? 4 - worst(s) : 0), show: (s) => el('span', { class: 'dot s' + worst(s) }) },
    { title: 'Time', width: '160px', value: (s) => s.start, show: (s) => moment(s.start, 0), kind: 'faint' },
    { title: 'Client', width: 'minmax(0, 1.2fr)', value: (s) => endpoint(s.client, s.clientPort) },
    { title: 'Server', width: 'minmax(0, 1.2fr)', value: (s) => endpoint(s.server, s.serverPort) },
    { title: 'Greeting', width: 'minmax(0, 1fr)', value: (s) => s.helo || '' },
    { title: 'User', width: 'minmax(0, .7fr)', value: (s) => s.user || '' },
    { title: 'TLS', width: '62px', value: (s) => s.tls || '' },
    { title: 'Mails', width: '50px', value: (s) => s.mails, kind: 'number' },
    { title: 'Alerts', width: '54px', value: (s) => s.high + s.medium + s.low, show: (s) => String(s.high + s.medium + s.low || ''), kind: 'number' },
    { title: 'Duration', width: '74px', value: (s) => Math.max(0, s.end - s.start), show: (s) => (s.end > s.start ? duration(s.end - s.start) : ''), kind: 'number' },
  ], (s) => [s.client, s.server, s.helo, s.banner, s.user, s.tls, s.community, s.flow, s.file], showSession);
  table.sorted = { column: 1, down: false };
  searchable(part('sessions'), 'Sessions', table);
  part('sessions').append(table.element);
  tables.push(table);
  table.update();
  return table;
}

function hostsPart(mailTable, sessionTable) {
  const hosts = meta.hosts.map((h, index) => ({ index, address: h[0], client: h[1], server: h[2], mails: h[3], alerts: h[4] + h[5] + h[6], high: h[4], medium: h[5] }));
  const find = (table, id, words) => {
    table.field.value = words;
    table.search(words);
    part(id).scrollIntoView();
  };
  const table = new Table('Hosts', hosts, [
    { title: '', width: '14px', value: (h) => -(h.high ? 3 : h.medium ? 2 : h.alerts ? 1 : 0), show: (h) => el('span', { class: 'dot s' + (h.high ? 1 : h.medium ? 2 : h.alerts ? 3 : 0) }) },
    { title: 'Host', width: 'minmax(0, 1fr)', value: (h) => h.address },
    { title: 'As client', width: '68px', value: (h) => h.client, show: (h) => count(h.client), kind: 'number' },
    { title: 'As server', width: '72px', value: (h) => h.server, show: (h) => count(h.server), kind: 'number' },
    { title: 'Mails', width: '60px', value: (h) => h.mails, show: (h) => count(h.mails), kind: 'number' },
    { title: 'Alerts', width: '60px', value: (h) => h.alerts, show: (h) => count(h.alerts), kind: 'number' },
  ], (h) => [h.address], (h) => find(sessionTable, 'sessions', h.address));
  table.sorted = { column: 4, down: true };
  searchable(part('hosts'), 'Who mailed whom', table);
  table.field.placeholder = 'Search hosts';
  part('hosts').append(el('div', { class: 'two' },
    meta.pairs.length > 0 ? mailGraph(meta.pairs, (domain) => find(mailTable, 'mails', domain[0] === '(' ? '' : domain)) : el('div', { class: 'panel empty' }, 'Nobody was mailed.'), table.element));
  tables.push(table);
  table.update();
}

function filesPart() {
  const table = new Table('Files', files, [
    { title: 'SHA-256', width: '150px', value: (f) => f.sha256, show: (f) => el('span', { class: 'mono', title: f.sha256 }, f.sha256.slice(0, 16) + '\u2026') },
    { title: 'Names', width: 'minmax(0, 1.4fr)', value: (f) => f.names.join(', ') },
    { title: 'Type', width: 'minmax(0, .8fr)', value: (f) => f.type || '' },
    { title: 'Content', width: 'minmax(0, 1.4fr)', value: (f) => f.magic || '', kind: 'faint' },
    { title: 'Size', width: '80px', value: (f) => f.size, show: (f) => octets(f.size), kind: 'number' },
    { title: 'In mails', width: '64px', value: (f) => f.count, show: (f) => count(f.count), kind: 'number' },
  ], (f) => [f.sha256, ...f.names, f.type, f.magic], showFile);
  table.sorted = { column: 5, down: true };
  searchable(part('files'), 'Files', table);
  part('files').append(table.element);
  tables.push(table);
  table.update();
}

/* ---- evidence ---- */

const LEFT_WORDS = { sessions: 'sessions are not listed (they are counted above)', mails: 'mails of those sessions', alerts: 'alerts are not listed', files: 'files are not listed', steps: 'records are left out of ladders', texts: 'entries of long lists', bodies: 'mails without their text', hosts: 'session endpoints at hosts that are not listed', pairs: 'pairs of domains that are not drawn', broken: 'lines of the input are not records' };

function evidence() {
  head('evidence', 'Evidence');
  Object.assign(meta.left, { hosts: meta.more_hosts, pairs: meta.more_pairs });
  const left = Object.keys(LEFT_WORDS).filter((name) => meta.left[name] > 0);
  const cell = (words, kind) => el('td', { class: kind }, words);
  const row = (name, value) => el('tr', null, el('th', null, name), cell(value));
  part('evidence').append(el('div', { class: 'panel table' }, el('table', { class: 'plain' }, el('thead', null, el('tr', null, ['Capture', 'SHA-256', 'Size'].map((t) => el('th', { class: t === 'Size' ? 'number' : '' }, t)))),
    el('tbody', null, meta.captures.map((c) => el('tr', null, cell(c[0]), cell(c[2] || 'not known', 'mono'), cell(c[2] ? count(c[1]) : '', 'number'))),
      meta.captures.length === 0 && el('tr', null, el('td', { colspan: 3 }, 'Made from records: the captures themselves were not read.'))))), el('p', null, '\u00a0'),
  el('div', { class: 'panel table' }, el('table', { class: 'plain' }, el('thead', null, el('tr', null, ['Input', 'Packets', 'Octets', 'Not decoded', 'Missing', 'First packet', 'Last packet', 'Read'].map((t) => el('th', null, t)))),
    el('tbody', null, meta.inputs.map((i) => el('tr', null, cell(i.name + (i.shard ? ', shard ' + i.shard : '')), cell(count(i.packets)), cell(count(i.bytes)), cell(count(i.not_decoded)), cell(count(i.gap_bytes)),
      cell(moment(i.start, 6)), cell(moment(i.end, 6)), cell(i.complete ? 'to its end' : i.error || 'not to its end', i.complete ? '' : 'high')))))), el('p', null, '\u00a0'),
  el('div', { class: 'panel table' }, el('table', { class: 'plain' }, el('tbody', null, row('Made by', meta.version), row('Command line', el('span', { class: 'mono' }, meta.command)),
    row('Left out', left.length > 0 ? left.map((name) => count(meta.left[name]) + ' ' + LEFT_WORDS[name]).join('; ') : 'nothing')))));
  if (left.length > 0)
    part('overview').append(el('p', { class: 'note' }, 'This page does not list everything: ' + left.map((name) => count(meta.left[name]) + ' ' + LEFT_WORDS[name]).join('; ') + '. The records have it all.'));
}

/* ---- keys, colours, printing ---- */

const PARTS = ['overview', 'alerts', 'mails', 'sessions', 'hosts', 'files', 'evidence'];

function theme(dark) {
  document.documentElement.setAttribute('data-theme', dark ? 'dark' : 'light');
}
const isDark = () => document.documentElement.getAttribute('data-theme') === 'dark';

function keys(event) {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (event.key === 'Escape') {
    if (!byId('drawer').hidden)
      closeDrawer();
    else if (typing)
      event.target.blur();
    else
      setRange(null);
    return;
  }
  if (typing || event.ctrlKey || event.metaKey || event.altKey)
    return;
  if (event.key === '/') {
    const seen = tables.find((table) => table.element.getBoundingClientRect().bottom > 120) || tables[0];
    seen.field.focus();
  } else if (PARTS[Number(event.key) - 1]) {
    part(PARTS[Number(event.key) - 1]).scrollIntoView();
  } else if (event.key === 'd') {
    theme(!isDark());
  } else {
    return;
  }
  event.preventDefault();
}

function follow() {
  const links = [...document.querySelectorAll('#bar nav a')];
  const here = () => {
    const last = links.filter((a) => byId(a.getAttribute('href').slice(1)).getBoundingClientRect().top < 160).pop();
    links.forEach((a) => a.classList.toggle('here', a === last));
  };
  addEventListener('scroll', here, { passive: true });
  here();
}

function start() {
  const prefers = matchMedia('(prefers-color-scheme: dark)');
  theme(prefers.matches);
  prefers.addEventListener('change', (event) => theme(event.matches));
  byId('theme').addEventListener('click', () => theme(!isDark()));
  overview();
  const openAlerts = alertsPart();
  const mailTable = mailsPart(), sessionTable = sessionsPart();
  hostsPart(mailTable, sessionTable);
  filesPart();
  evidence();
  follow();
  document.addEventListener('keydown', keys);
  addEventListener('beforeprint', () => {
    openAlerts();
    tables.forEach((table) => table.forPrint());
  });
  addEventListener('afterprint', () => tables.forEach((table) => table.afterPrint()));
}

start();
