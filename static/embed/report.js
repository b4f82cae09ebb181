// "Report a wrong category" on any shop's page, as a web component:
//   <wrong-category-report token="..." lang="fr"></wrong-category-report>
// beside this script, loaded with defer from our site; docs/embedding.md has the whole snippet.
// The first click is the report; the right category and a comment may be added afterwards.
// Works under a strict content policy of that page: script-src and connect-src name our site, nothing
// else is needed. Sends no cookie and keeps nothing in the browser.
(() => {
  const BASE = new URL("../api/v1/embed/", document.currentScript.src);
  const WORDS = {
    fr: {
      open: "Signaler une mauvaise catégorie", more: "Vous pouvez préciser (facultatif).",
      category: "La bonne catégorie, si vous la connaissez", unknown: "Je ne sais pas",
      comment: "Remarque", send: "Ajouter", close: "Fermer",
      thanks: "Merci ! Votre signalement a été transmis.", added: "Merci ! C’est ajouté à votre signalement.",
      away: "Signaler sur la place de marché", busy: "Un instant…",
      failed: "Le signalement n’a pas pu être envoyé. Réessayez plus tard.",
      many: "Trop de signalements d’ici pour le moment. Réessayez plus tard.",
    },
    en: {
      open: "Report a wrong category", more: "You may say more (optional).",
      category: "The right category, if you know it", unknown: "I do not know",
      comment: "Comment", send: "Add", close: "Close",
      thanks: "Thank you! Your report has been passed on.", added: "Thank you! It is added to your report.",
      away: "Report at the marketplace", busy: "One moment…",
      failed: "The report could not be sent. Try again later.",
      many: "Too many reports from here at the moment. Try again later.",
    },
  };
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    :host { display: block; font: inherit; max-inline-size: 26rem; }
    :host([hidden]), [hidden] { display: none !important; }
    form { display: grid; gap: .75rem; margin-block-start: .75rem; padding: 1rem; border: 1px solid GrayText; border-radius: .5rem; }
    label { display: grid; gap: .25rem; }
    select, textarea, button { font: inherit; padding: .5rem; box-sizing: border-box; inline-size: 100%; border: 1px solid GrayText; border-radius: .375rem; }
    /* Colours in pairs: the page's on the page's ground, the browser's on the browser's. */
    select, textarea { color: FieldText; background: Field; }
    button { color: inherit; background: none; border-color: currentColor; inline-size: auto; padding: .5rem .9rem; cursor: pointer; min-block-size: 2.75rem; }
    button:disabled { opacity: .6; cursor: default; }
    a { color: inherit; }
    .row { display: flex; flex-wrap: wrap; gap: .5rem; }
    p { margin: .5rem 0 0; }
    form p { margin: 0; }`);

  function make(tag, properties = {}, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  }

  class WrongCategoryReport extends HTMLElement {
    static observedAttributes = ["token"];

    // One product's turn: what is still on its way for an earlier one must not show on the next.
    turn = { asking: false };

    // A shop of a single page shows its next product in the same element.
    attributeChangedCallback(_name, before) {
      if (before === null || !this.shadowRoot) return;
      this.turn = { asking: false };
      this.form?.remove();
      this.form = null;
      this.opener.hidden = false;
      this.status.textContent = "";
    }

    connectedCallback() {
      if (this.shadowRoot) return;
      this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
      const asked = this.lang || this.closest("[lang]")?.lang || navigator.language;
      this.language = asked.toLowerCase().startsWith("en") ? "en" : "fr";
      this.words = WORDS[this.language];
      this.opener = make("button", { type: "button", textContent: this.words.open });
      this.opener.addEventListener("click", () => this.report());
      this.status = make("p", { role: "status", tabIndex: -1 });
      const root = make("div", {}, this.opener, this.status);
      root.lang = this.language;
      root.addEventListener("keydown", (event) => event.key === "Escape" && this.form && this.close());
      this.shadowRoot.append(root);
    }

    async report() {
      const { turn } = this;
      if (turn.asking) return;
      turn.asking = true;
      this.status.textContent = this.words.busy;
      const answer = await this.post({});
      if (turn !== this.turn) return;
      if (answer?.ok) await this.thank(turn);
      else if (answer?.status === 403) await this.lead(turn);
      else await this.regret(answer, turn);
      turn.asking = false;
    }

    async thank(turn) {
      this.opener.hidden = true;
      this.status.textContent = this.words.thanks;
      this.status.focus();
      const options = await this.options();
      if (options && turn === this.turn) this.draw(options.categories);
    }

    // Reports need an account there: go to the product's own page.
    async lead(turn) {
      const options = await this.options();
      if (turn !== this.turn) return;
      if (!options) return this.regret(undefined, turn);
      const link = make("a", { href: options.address, textContent: this.words.away, target: "_blank", rel: "noopener" });
      this.status.replaceChildren(link);
      link.focus();
    }

    // A problem (RFC 9457) says what is wrong; the reason of a field comes first.
    async regret(answer, turn) {
      const problem = (await answer?.json().catch(() => null)) ?? {};
      if (turn !== this.turn) return;
      const told = problem.errors?.[0]?.detail ?? problem.detail;
      this.status.textContent = answer?.status === 429 ? this.words.many : told ?? this.words.failed;
    }

    draw(categories) {
      const { words } = this;
      const select = make("select", { name: "category" }, make("option", { value: "", textContent: words.unknown }));
      select.append(...categories.map(({ code, name }) => make("option", { value: code, textContent: name })));
      const comment = make("textarea", { name: "comment", rows: 2, maxLength: 500 });
      const close = make("button", { type: "button", textContent: words.close });
      close.addEventListener("click", () => this.close());
      this.form = make(
        "form", {},
        make("p", { textContent: words.more }),
        make("label", {}, words.category, select),
        make("label", {}, words.comment, comment),
        make("div", { className: "row" }, make("button", { textContent: words.send }), close),
      );
      this.form.addEventListener("submit", (event) => {
        event.preventDefault();
        this.add({ suggested_category: select.value ? Number(select.value) : null, comment: comment.value });
      });
      this.status.after(this.form);
    }

    async add(said) {
      const { turn } = this;
      const button = this.form.querySelector("button");
      button.disabled = true;
      const answer = await this.post(said);
      if (turn !== this.turn) return;
      if (answer?.ok) {
        this.close();
        this.status.textContent = this.words.added;
      } else {
        await this.regret(answer, turn);
        button.disabled = false;
      }
    }

    close() {
      this.form.remove();
      this.form = null;
      this.status.focus();
    }

    // What the server answers, or undefined when it cannot be reached.
    post(said) {
      return fetch(new URL("reports", BASE), {
        method: "POST",
        credentials: "omit",
        headers: { "Content-Type": "application/json", "Accept-Language": this.language },
        body: JSON.stringify({ token: this.getAttribute("token"), ...said }),
      }).catch(() => undefined);
    }

    async options() {
      const address = new URL("options", BASE);
      address.search = new URLSearchParams({ token: this.getAttribute("token") ?? "", lang: this.language });
      const answer = await fetch(address, { credentials: "omit" }).catch(() => null);
      return answer?.ok ? answer.json().catch(() => null) : null;
    }
  }

  // A page may name the script once per product.
  customElements.get("wrong-category-report") ?? customElements.define("wrong-category-report", WrongCategoryReport);
})();
