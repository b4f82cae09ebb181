// "Report a wrong category" on any shop's page, as a web component:
//   <wrong-category-report token="..." lang="fr"></wrong-category-report>
// beside this script, loaded with defer from our site; docs/embedding.md has the whole snippet.
// Works under a strict content policy of that page: script-src and connect-src name our site, nothing
// else is needed. Sends no cookie and keeps nothing in the browser.
(() => {
  const BASE = new URL("../api/v1/embed/", document.currentScript.src);
  const WORDS = {
    fr: {
      open: "Signaler une mauvaise catégorie", category: "La bonne catégorie, si vous la connaissez",
      unknown: "Je ne sais pas", comment: "Remarque (facultatif)", send: "Envoyer", cancel: "Annuler",
      thanks: "Merci ! Votre signalement a été transmis.", away: "Signaler sur la place de marché",
      failed: "Le signalement n’a pas pu être envoyé. Réessayez plus tard.", busy: "Un instant…",
      many: "Trop de signalements d’ici pour le moment. Réessayez plus tard.",
    },
    en: {
      open: "Report a wrong category", category: "The right category, if you know it",
      unknown: "I do not know", comment: "Comment (optional)", send: "Send", cancel: "Cancel",
      thanks: "Thank you! Your report has been passed on.", away: "Report at the marketplace",
      failed: "The report could not be sent. Try again later.", busy: "One moment…",
      many: "Too many reports from here at the moment. Try again later.",
    },
  };
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    :host { color-scheme: light dark; display: block; font: inherit; max-inline-size: 26rem; }
    :host([hidden]), [hidden] { display: none !important; }
    form { display: grid; gap: .75rem; padding: 1rem; border: 1px solid GrayText; border-radius: .5rem; }
    label { display: grid; gap: .25rem; }
    select, textarea, button { font: inherit; color: inherit; padding: .5rem; box-sizing: border-box; inline-size: 100%; }
    button { inline-size: auto; padding: .5rem .9rem; cursor: pointer; min-block-size: 2.75rem; }
    .row { display: flex; flex-wrap: wrap; gap: .5rem; }
    p { margin: .5rem 0 0; }`);

  function make(tag, properties = {}, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  }

  class WrongCategoryReport extends HTMLElement {
    connectedCallback() {
      if (this.shadowRoot) return;
      this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
      const asked = this.lang || this.closest("[lang]")?.lang || navigator.language;
      this.language = asked.toLowerCase().startsWith("en") ? "en" : "fr";
      this.words = WORDS[this.language];
      this.opener = make("button", { type: "button", textContent: this.words.open });
      this.opener.setAttribute("aria-expanded", "false");
      this.opener.addEventListener("click", () => this.show());
      this.status = make("p", { role: "status", tabIndex: -1 });
      const root = make("div", {}, this.opener, this.status);
      root.lang = this.language;
      root.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
      this.shadowRoot.append(root);
    }

    async show() {
      if (this.form || this.asking) return;
      this.asking = true;
      this.status.textContent = this.words.busy;
      const address = new URL("options", BASE);
      address.search = new URLSearchParams({ token: this.getAttribute("token") ?? "", lang: this.language });
      try {
        const answer = await fetch(address, { credentials: "omit" });
        if (!answer.ok) throw new Error(answer.status);
        const options = await answer.json();
        this.status.textContent = "";
        if (options.takes_anonymous) this.draw(options);
        else this.lead(options.address);
      } catch {
        this.status.textContent = this.words.failed;
      } finally {
        this.asking = false;
      }
    }

    // Reports need an account there: go to the product's own page.
    lead(address) {
      const link = make("a", { href: address, textContent: this.words.away, target: "_blank", rel: "noopener" });
      this.status.replaceChildren(link);
      link.focus();
    }

    draw(options) {
      const { words } = this;
      const select = make("select", { name: "category" }, make("option", { value: "", textContent: words.unknown }));
      select.append(...options.categories.map(({ code, name }) => make("option", { value: code, textContent: name })));
      const comment = make("textarea", { name: "comment", rows: 2, maxLength: 500 });
      const cancel = make("button", { type: "button", textContent: words.cancel });
      cancel.addEventListener("click", () => this.close());
      this.form = make(
        "form", {},
        make("label", {}, words.category, select),
        make("label", {}, words.comment, comment),
        make("div", { className: "row" }, make("button", { textContent: words.send }), cancel),
      );
      this.form.addEventListener("submit", (event) => {
        event.preventDefault();
        this.send(select.value, comment.value);
      });
      this.opener.hidden = true;
      this.opener.setAttribute("aria-expanded", "true");
      this.opener.after(this.form);
      select.focus();
    }

    async send(category, comment) {
      const button = this.form.querySelector("button");
      button.disabled = true;
      const report = { token: this.getAttribute("token"), suggested_category: category ? Number(category) : null, comment };
      try {
        const answer = await fetch(new URL("reports", BASE), {
          method: "POST",
          credentials: "omit",
          headers: { "Content-Type": "application/json", "Accept-Language": this.language },
          body: JSON.stringify(report),
        });
        if (answer.ok) {
          this.close(false);
          this.status.textContent = this.words.thanks;
          this.status.focus();
          return;
        }
        this.status.textContent = answer.status === 429 ? this.words.many : await detail(answer, this.words.failed);
      } catch {
        this.status.textContent = this.words.failed;
      }
      button.disabled = false;
    }

    close(again = true) {
      this.form?.remove();
      this.form = null;
      this.opener.hidden = !again;
      this.opener.setAttribute("aria-expanded", "false");
      this.status.textContent = "";
      if (again) this.opener.focus();
    }
  }

  // A problem (RFC 9457) says what is wrong; the reason of a field comes first.
  async function detail(answer, otherwise) {
    const problem = await answer.json().catch(() => ({}));
    return problem.errors?.[0]?.detail ?? problem.detail ?? otherwise;
  }

  customElements.define("wrong-category-report", WrongCategoryReport);
})();
