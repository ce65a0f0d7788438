// Log-in by the shop's log-in page: authorization code with PKCE (RFC 7636), as Cognito's hosted page and the laptop's issuer have it.
// Tokens stay in this tab's memory; what a log-in needs on its way there and back is in the tab's session storage.

const KEPT = "dangol-agent-login";
const page = location.origin + location.pathname;

const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

/** Where the shop's log-in page is, and as which client this page logs in. */
async function settings() {
  const answer = await fetch("/console/login");
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return answer.json();
}

/** Leaves for the log-in page. What is kept comes back with the session. */
export async function logIn(kept) {
  const { url, client } = await settings();
  if (!url) throw new Error("LOGIN_URL");
  const verifier = random();
  const state = random();
  sessionStorage.setItem(KEPT, JSON.stringify({ verifier, state, kept }));
  const challenge = base64url(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier)));
  location.href = `${url}/oauth2/authorize?` + new URLSearchParams({
    response_type: "code", client_id: client, redirect_uri: page, scope: "openid email shop/agent", state,
    code_challenge: challenge, code_challenge_method: "S256",
  });
}

/** The session of a log-in that has just come back to this page; null when none has. A code of another tab's log-in is not used. */
export async function comeBack() {
  const query = new URLSearchParams(location.search);
  const sent = JSON.parse(sessionStorage.getItem(KEPT) || "{}");
  if (!query.has("code") && !query.has("error")) return null;
  sessionStorage.removeItem(KEPT);
  history.replaceState(null, "", page); // the code must not stay in the address
  if (!sent.state || query.get("state") !== sent.state) return null;
  if (query.has("error")) throw new Error(query.get("error_description") || query.get("error"));
  const session = new Session(await settings(), sent.kept);
  await session.exchange({ grant_type: "authorization_code", code: query.get("code"), redirect_uri: page, code_verifier: sent.verifier });
  return session;
}

const AGAIN = 30 * 1000; // after a renewal that did not reach the log-in page

/** The tokens of somebody who is logged in; the access token is renewed before it ends. */
class Session {
  constructor(login, kept) {
    this.login = login;
    this.kept = kept;
    this.token = "";
    this.onend = () => {}; // called when the tokens cannot be renewed: the log-in is over
  }

  /** Asks the token endpoint, in a form (RFC 6749, 4.1.3 and 6). A refusal has the code of the error, such as invalid_grant. */
  async exchange(body) {
    const answer = await fetch(`${this.login.url}/oauth2/token`, {
      method: "POST", body: new URLSearchParams({ client_id: this.login.client, ...body }),
    });
    const tokens = await answer.json().catch(() => ({}));
    if (!answer.ok) throw Object.assign(new Error(tokens.error || `HTTP ${answer.status}`), { status: answer.status });
    this.token = tokens.access_token;
    this.refreshToken = tokens.refresh_token || this.refreshToken; // Cognito sends none with a renewal
    this.renewIn(tokens.expires_in * 800); // at 80 % of its life
  }

  renewIn(wait) {
    clearTimeout(this.renewing);
    if (this.refreshToken) this.renewing = setTimeout(() => this.renew(), wait);
  }

  async renew() {
    try {
      await this.exchange({ grant_type: "refresh_token", refresh_token: this.refreshToken });
    } catch (error) {
      // Revoked, or too old: asking again would change nothing.
      if (error.status === 400 || error.status === 401) this.onend();
      else this.renewIn(AGAIN);
    }
  }

  /** Gives the refresh token back (RFC 7009) and ends the log-in page's own session, which leads back to this page. */
  async logOut() {
    clearTimeout(this.renewing);
    const { url, client } = this.login;
    if (this.refreshToken) {
      await fetch(`${url}/oauth2/revoke`, {
        method: "POST", body: new URLSearchParams({ token: this.refreshToken, client_id: client }),
      }).catch(() => {}); // the page's session is ended all the same
    }
    this.token = this.refreshToken = "";
    location.href = `${url}/logout?` + new URLSearchParams({ client_id: client, logout_uri: page });
  }
}
