/* Tables of any length: only visible rows are on the page. */

const ROW_HEIGHT = 30;
const ROWS_AROUND = 8;
const PRINTED_MAX = 300;

class Table {
  /* columns: { title, width, value (what is sorted by), show (node or text; default the value), kind }. */
  constructor(name, rows, columns, words, open) {
    Object.assign(this, { name, all: rows, columns, words, open });
    this.query = [];
    this.keep = null;
    this.sorted = { column: 0, down: false };
    this.picked = -1;
    this.drawn = new Map();
    this.texts = new Map();
    this.build();
    this.update();
    state.listeners.push(() => this.update());
  }

  build() {
    this.titles = this.columns.map((column, i) => el('div', { role: 'columnheader', class: column.kind },
      el('button', { type: 'button', on: { click: () => this.sort(i) } }, column.title)));
    this.space = el('div', { class: 'rows', role: 'rowgroup' });
    this.scroll = el('div', { class: 'scroll', tabindex: '0', on: { scroll: () => this.later(), keydown: (e) => this.key(e) } }, this.space);
    this.none = el('p', { class: 'empty', hidden: true }, 'No matches.');
    this.element = el('div', { class: 'panel table', role: 'grid', 'aria-label': this.name },
      el('div', { class: 'row titles', role: 'row' }, this.titles), this.scroll, this.none);
    this.element.style.setProperty('--columns', this.columns.map((c) => c.width).join(' '));
  }

  /* textOf - the text of a row that a search matches. */
  textOf(row) {
    let text = this.texts.get(row.index);
    if (text === undefined) {
      text = this.words(row).filter(Boolean).join('\n').toLowerCase();
      this.texts.set(row.index, text);
    }
    return text;
  }

  search(query) {
    this.query = query.toLowerCase().split(/\s+/).filter(Boolean);
    this.update();
  }

  filter(keep) {
    this.keep = keep;
    this.update();
  }

  sort(column) {
    const down = this.sorted.column === column ? !this.sorted.down : this.columns[column].kind === 'number';
    this.sorted = { column, down };
    this.update();
  }

  update() {
    const { column, down } = this.sorted;
    const value = this.columns[column].value;
    this.rows = this.all.filter((row) => (row.time === undefined || inRange(row)) && (!this.keep || this.keep(row)) &&
      (this.query.length === 0 || this.query.every((word) => this.textOf(row).includes(word))));
    const keys = new Map(this.rows.map((row) => [row, value(row)]));
    const order = (a, b) => {
      const x = keys.get(a), y = keys.get(b);
      const least = typeof x === 'number' && typeof y === 'number' ? x - y : String(x === null ? '' : x) < String(y === null ? '' : y) ? -1 : x === y ? 0 : 1;
      return (down ? -least : least) || a.index - b.index;
    };
    this.rows.sort(order);
    this.titles.forEach((title, i) => (i === column ? title.setAttribute('aria-sort', down ? 'descending' : 'ascending') : title.removeAttribute('aria-sort')));
    this.picked = -1;
    this.space.style.height = this.rows.length * ROW_HEIGHT + 'px';
    this.scroll.style.height = Math.min(420, Math.max(1, this.rows.length) * ROW_HEIGHT) + 'px';
    this.element.setAttribute('aria-rowcount', this.rows.length);
    this.none.hidden = this.rows.length > 0;
    this.clear();
    this.draw();
    if (this.changed)
      this.changed(this.rows.length, this.all.length);
  }

  clear() {
    this.space.replaceChildren();
    this.drawn.clear();
  }

  later() {
    if (!this.due)
      this.due = requestAnimationFrame(() => {
        this.due = 0;
        this.draw();
      });
  }

  cells(row) {
    return this.columns.map((column) => {
      const shown = column.show ? column.show(row) : column.value(row);
      return el('div', { role: 'gridcell', class: column.kind, title: typeof shown === 'string' ? shown : null }, shown);
    });
  }

  draw() {
    const first = Math.max(0, Math.floor(this.scroll.scrollTop / ROW_HEIGHT) - ROWS_AROUND);
    const last = Math.min(this.rows.length, first + Math.ceil(420 / ROW_HEIGHT) + 2 * ROWS_AROUND);
    for (const [at, element] of this.drawn)
      if (at < first || at >= last) {
        element.remove();
        this.drawn.delete(at);
      }
    for (let at = first; at < last; at++)
      if (!this.drawn.has(at)) {
        const element = el('div', { class: 'row' + (at === this.picked ? ' picked' : ''), role: 'row', 'aria-rowindex': at + 1,
          on: { click: () => this.pick(at, true) } }, this.cells(this.rows[at]));
        element.style.top = at * ROW_HEIGHT + 'px';
        this.space.append(element);
        this.drawn.set(at, element);
      }
  }

  pick(at, open) {
    if (at < 0 || at >= this.rows.length)
      return;
    const before = this.drawn.get(this.picked);
    if (before)
      before.classList.remove('picked');
    this.picked = at;
    const top = at * ROW_HEIGHT, seen = this.scroll.clientHeight;
    if (top < this.scroll.scrollTop)
      this.scroll.scrollTop = top;
    else if (top + ROW_HEIGHT > this.scroll.scrollTop + seen)
      this.scroll.scrollTop = top + ROW_HEIGHT - seen;
    this.draw();
    this.drawn.get(at).classList.add('picked');
    if (open || !byId('drawer').hidden)
      this.open(this.rows[at]);
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.scroll.clientHeight / ROW_HEIGHT) - 1);
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -this.rows.length, End: this.rows.length };
    if (event.key === 'Enter')
      this.pick(Math.max(0, this.picked), true);
    else if (moves[event.key])
      this.pick(Math.min(this.rows.length - 1, Math.max(0, this.picked + moves[event.key])), false);
    else
      return;
    event.preventDefault();
  }

  /* forPrint - adds the first rows as a plain table, for printing. */
  forPrint() {
    this.printed = el('table', { class: 'plain printed' },
      el('thead', null, el('tr', null, this.columns.map((c) => el('th', { class: c.kind }, c.title)))),
      el('tbody', null, this.rows.slice(0, PRINTED_MAX).map((row) => el('tr', null, this.cells(row).map((cell, i) =>
        el('td', { class: this.columns[i].kind }, [...cell.childNodes]))))));
    const more = this.rows.length - PRINTED_MAX;
    this.element.append(this.printed);
    if (more > 0)
      this.printed.append(el('caption', null, plural(more, 'more row') + ' on the screen, not printed'));
  }

  afterPrint() {
    if (this.printed)
      this.printed.remove();
  }
}

/* searchable - the head of a section with a table: title, number of rows, search field. */
function searchable(part, title, table, ...tools) {
  const said = el('span', { class: 'faint', role: 'status' });
  let due = 0;
  const field = el('input', { type: 'search', placeholder: 'Search ' + title.toLowerCase(), 'aria-label': 'Search ' + title.toLowerCase(), spellcheck: 'false',
    on: { input: () => {
      clearTimeout(due);
      due = setTimeout(() => table.search(field.value), 80);
    } } });
  table.field = field;
  table.changed = (shown, all) => {
    said.textContent = shown === all ? count(all) : count(shown) + ' of ' + count(all);
  };
  table.changed(table.rows.length, table.all.length);
  part.append(el('div', { class: 'head' }, el('h2', { id: part.getAttribute('aria-labelledby') }, title), said,
    el('div', { class: 'tool' }, tools, field)));
  return field;
}
