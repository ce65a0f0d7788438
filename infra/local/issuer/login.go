package issuer

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"html/template"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"dangol/shared/platform/id"
)

// The life of what the log-in page hands out, as Cognito has it.
const (
	codeTTL    = 5 * time.Minute
	refreshTTL = 30 * 24 * time.Hour
)

// identityScopes are what OpenID Connect gives every client; the scopes of the shop come besides them.
var identityScopes = []string{"openid", "email", "profile", "aws.cognito.signin.user.admin"}

// authorization is a request to log in: the query of /oauth2/authorize.
type authorization struct {
	ClientID, RedirectURI, State, Scope, Nonce, Challenge string
}

// grant is what a code stands for, until it is used once.
type grant struct {
	authorization
	Claims
	expires time.Time
}

// logIn registers the endpoints that a Cognito user pool has below its domain, so that the log-in of a storefront runs
// here as it does when deployed: authorization code flow with PKCE, refresh tokens, log-out.
func (i *Issuer) logIn() {
	i.routes.HandleFunc("GET /oauth2/authorize", i.authorize)
	i.routes.HandleFunc("GET /login", i.page)
	i.routes.HandleFunc("POST /login", i.submit)
	i.routes.HandleFunc("POST /oauth2/token", i.exchange)
	i.routes.HandleFunc("POST /oauth2/revoke", i.revoke)
	i.routes.HandleFunc("GET /oauth2/userInfo", i.userInfo)
	i.routes.HandleFunc("GET /logout", i.logOut)
	for _, path := range []string{"/oauth2/token", "/oauth2/revoke", "/oauth2/userInfo", "/dev/token"} {
		i.routes.HandleFunc("OPTIONS "+path, preflight)
	}
}

// authorize checks a request and leads to the page.
func (i *Issuer) authorize(w http.ResponseWriter, r *http.Request) {
	if _, ok := i.request(w, r); ok {
		http.Redirect(w, r, "/login?"+r.URL.RawQuery, http.StatusFound)
	}
}

// request reads the query of a log-in. What is wrong with client or redirect is shown here: nobody may be sent to an
// address that was not agreed on. Everything else goes back to the client as an error, RFC 6749 4.1.2.1.
func (i *Issuer) request(w http.ResponseWriter, r *http.Request) (authorization, bool) {
	q := r.URL.Query()
	a := authorization{
		ClientID: q.Get("client_id"), RedirectURI: q.Get("redirect_uri"), State: q.Get("state"), Scope: q.Get("scope"),
		Nonce: q.Get("nonce"), Challenge: q.Get("code_challenge"),
	}
	switch {
	case a.ClientID != i.options.ClientID:
		http.Error(w, "client_id must be "+i.options.ClientID, http.StatusBadRequest)
		return a, false
	case !loopback(a.RedirectURI):
		http.Error(w, "redirect_uri must lead to localhost", http.StatusBadRequest)
		return a, false
	case q.Get("response_type") != "code":
		a.refuse(w, r, "unsupported_response_type", "only the authorization code flow is offered")
		return a, false
	case a.Challenge == "" || q.Get("code_challenge_method") != "S256":
		a.refuse(w, r, "invalid_request", "send a code_challenge with the method S256")
		return a, false
	}
	return a, true
}

// refuse sends the browser back with an error.
func (a authorization) refuse(w http.ResponseWriter, r *http.Request, code, description string) {
	http.Redirect(w, r, a.back(url.Values{"error": {code}, "error_description": {description}}), http.StatusFound)
}

// back is the client's address with the answer to its request.
func (a authorization) back(answer url.Values) string {
	target, err := url.Parse(a.RedirectURI)
	if err != nil {
		return "/"
	}
	q := target.Query()
	maps.Copy(q, answer)
	if a.State != "" {
		q.Set("state", a.State)
	}
	target.RawQuery = q.Encode()
	return target.String()
}

// loopback reports whether an address leads to this machine: the issuer gives tokens to anybody who asks, so it sends
// nobody's token elsewhere.
func loopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Fragment != "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

var pageTemplate = template.Must(template.New("login").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Log in</title><style>
body{font:16px/1.5 system-ui,sans-serif;max-width:22rem;margin:10vh auto;padding:0 1rem}
label{display:block;margin:1rem 0 .25rem}
input,select,button{font:inherit;padding:.5rem;width:100%;box-sizing:border-box}
button{margin-top:1.5rem}p{color:#555}</style></head>
<body><h1>Log in</h1><p>This page stands in for the log-in page of the deployed shop. There is no password.</p>
<form method="post" action="/login?{{.Query}}">
<label for="username">E-mail</label>
<input id="username" name="username" type="email" required autofocus value="ann@example.com">
<label for="group">As</label><select id="group" name="group"><option value="">customer</option>
<option value="agent">agent</option><option value="merchant">merchant</option></select>
<button type="submit">Log in</button></form>{{.Links}}</body></html>
`))

func (i *Issuer) page(w http.ResponseWriter, r *http.Request) {
	if _, ok := i.request(w, r); !ok {
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	// The form hands the whole query on. As plain text it would be escaped once more, as one value of it.
	_ = pageTemplate.Execute(w, map[string]any{
		"Query": template.URL(r.URL.Query().Encode()), "Links": accountLinks(r.URL.Query()),
	})
}

// submit logs somebody in and sends the browser back with a code.
func (i *Issuer) submit(w http.ResponseWriter, r *http.Request) {
	a, ok := i.request(w, r)
	if !ok {
		return
	}
	email, ok := addressOf(w, r)
	if !ok {
		return
	}
	group := r.PostFormValue("group")
	claims := Claims{Subject: subjectOf(email), Email: email}
	if group != "" {
		if scopes[group] == "" {
			http.Error(w, "there is no such group", http.StatusBadRequest)
			return
		}
		claims.Groups = []string{group}
	}
	i.loggedIn(w, r, a, claims)
}

// loggedIn sends the browser back with a code for the tokens of somebody.
func (i *Issuer) loggedIn(w http.ResponseWriter, r *http.Request, a authorization, claims Claims) {
	claims.Scope = granted(a.Scope, claims.Groups)
	if claims.Scope == "" {
		a.refuse(w, r, "invalid_scope", "none of the scopes is for "+claims.Email)
		return
	}
	code := id.Secret()
	i.mu.Lock()
	// A code that nobody fetched is forgotten with the next log-in after its time.
	maps.DeleteFunc(i.codes, func(_ string, g grant) bool { return i.options.Clock.Now().After(g.expires) })
	i.codes[code] = grant{a, claims, i.options.Clock.Now().Add(codeTTL)}
	i.mu.Unlock()
	http.Redirect(w, r, a.back(url.Values{"code": {code}}), http.StatusFound)
}

// subjectOf is the customer of a mail address: the same one at each log-in, in the form of a Cognito sub.
func subjectOf(email string) string {
	sum := sha256.Sum256([]byte(email))
	h := hex.EncodeToString(sum[:16])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// granted are the scopes that were asked for and that the groups may have; all of them when none was named.
func granted(asked string, groups []string) string {
	may := append(strings.Fields(allScopes(groups)), identityScopes...)
	if asked == "" {
		return strings.Join(may, " ")
	}
	return strings.Join(slices.DeleteFunc(strings.Fields(asked), func(s string) bool {
		return !slices.Contains(may, s)
	}), " ")
}

var errGrant = errors.New("the code or token was used, has expired, or belongs to another request")

// exchange is the token endpoint: a code with its verifier, or a refresh token, for access and identity tokens.
func (i *Issuer) exchange(w http.ResponseWriter, r *http.Request) {
	allowAnyOrigin(w)
	if r.PostFormValue("client_id") != i.options.ClientID {
		oauthError(w, "invalid_client", "client_id must be "+i.options.ClientID)
		return
	}
	switch r.PostFormValue("grant_type") {
	case "authorization_code":
		g, err := i.redeem(r.PostFormValue("code"), r.PostFormValue("redirect_uri"), r.PostFormValue("code_verifier"))
		if err != nil {
			oauthError(w, "invalid_grant", err.Error())
			return
		}
		i.hand(w, g.Claims, g.Nonce, true)
	case "refresh_token":
		c, err := i.refreshed(r.PostFormValue("refresh_token"))
		if err != nil {
			oauthError(w, "invalid_grant", err.Error())
			return
		}
		i.hand(w, c, "", false)
	default:
		oauthError(w, "unsupported_grant_type", "authorization_code or refresh_token")
	}
}

// redeem takes a code, once: a second use, another redirect or another verifier gets nothing.
func (i *Issuer) redeem(code, redirect, verifier string) (grant, error) {
	i.mu.Lock()
	g, ok := i.codes[code]
	delete(i.codes, code)
	i.mu.Unlock()
	sum := sha256.Sum256([]byte(verifier))
	challenge := base64.RawURLEncoding.EncodeToString(sum[:])
	if !ok || i.options.Clock.Now().After(g.expires) || g.RedirectURI != redirect ||
		subtle.ConstantTimeCompare([]byte(challenge), []byte(g.Challenge)) != 1 {
		return g, errGrant
	}
	return g, nil
}

// hand answers with the tokens of somebody who is logged in. As in Cognito the access token has no mail address, the
// identity token has, and a refresh brings no new refresh token.
func (i *Issuer) hand(w http.ResponseWriter, c Claims, nonce string, first bool) {
	answerWith := map[string]any{"token_type": "Bearer", "expires_in": int(defaultTTL.Seconds())}
	sign := func(name string, claims map[string]any) bool {
		token, err := i.sign(claims)
		if err != nil {
			answer(w, http.StatusInternalServerError, map[string]string{"error": "server_error"})
			return false
		}
		answerWith[name] = token
		return true
	}
	access := c
	access.Email = ""
	if !sign("access_token", i.claims(access)) || !sign("id_token", i.identity(c, nonce)) {
		return
	}
	if first && !sign("refresh_token", i.refresh(c)) {
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	answer(w, http.StatusOK, answerWith)
}

// identity is what an identity token says: who it is, for the client.
func (i *Issuer) identity(c Claims, nonce string) map[string]any {
	now := i.options.Clock.Now()
	claims := map[string]any{
		"iss": i.options.URL, "sub": c.Subject, "aud": i.options.ClientID, "token_use": "id", "email": c.Email,
		"email_verified": true, "cognito:username": c.Subject, "iat": now.Unix(), "auth_time": now.Unix(),
		"exp": now.Add(defaultTTL).Unix(),
	}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	if len(c.Groups) > 0 {
		claims["cognito:groups"] = c.Groups
	}
	return claims
}

// MintIdentity signs an identity token, for tests and for /dev/token.
func (i *Issuer) MintIdentity(c Claims) (string, error) { return i.sign(i.identity(c, "")) }

// refresh is what a refresh token says. It is signed and not stored, so that it outlives a restart; no route of the API
// takes it, because it is no access token.
func (i *Issuer) refresh(c Claims) map[string]any {
	now := i.options.Clock.Now()
	return map[string]any{
		"iss": i.options.URL, "sub": c.Subject, "email": c.Email, "groups": c.Groups, "scope": c.Scope,
		"token_use": "refresh", "jti": id.Secret(), "iat": now.Unix(), "exp": now.Add(refreshTTL).Unix(),
	}
}

// refreshed is who a refresh token was given to.
func (i *Issuer) refreshed(token string) (Claims, error) {
	var c struct {
		Subject string   `json:"sub"`
		Email   string   `json:"email"`
		Groups  []string `json:"groups"`
		Scope   string   `json:"scope"`
		ID      string   `json:"jti"`
	}
	if err := i.read(token, "refresh", &c); err != nil || i.revoked(c.ID) {
		return Claims{}, errGrant
	}
	return Claims{Subject: c.Subject, Email: c.Email, Groups: c.Groups, Scope: c.Scope}, nil
}

func (i *Issuer) revoked(id string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.ended[id]
}

// revoke ends a refresh token. As RFC 7009 has it, one that is none is answered alike.
func (i *Issuer) revoke(w http.ResponseWriter, r *http.Request) {
	allowAnyOrigin(w)
	var c struct {
		ID string `json:"jti"`
	}
	if err := i.read(r.PostFormValue("token"), "refresh", &c); err == nil {
		i.mu.Lock()
		i.ended[c.ID] = true
		i.mu.Unlock()
	}
	w.WriteHeader(http.StatusOK)
}

// userInfo says who an access token belongs to.
func (i *Issuer) userInfo(w http.ResponseWriter, r *http.Request) {
	allowAnyOrigin(w)
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	var c struct {
		Subject  string `json:"sub"`
		Username string `json:"username"`
	}
	if err := i.read(token, "access", &c); err != nil {
		answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_token"})
		return
	}
	answer(w, http.StatusOK, map[string]any{"sub": c.Subject, "username": c.Username})
}

// logOut has no session to end: it sends the browser where the client wants it.
func (i *Issuer) logOut(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if to := q.Get("logout_uri"); to != "" {
		if q.Get("client_id") != i.options.ClientID || !loopback(to) {
			http.Error(w, "logout_uri must lead to localhost", http.StatusBadRequest)
			return
		}
		http.Redirect(w, r, to, http.StatusFound)
		return
	}
	i.authorize(w, r) // with redirect_uri: log out and in again, as Cognito does
}

func oauthError(w http.ResponseWriter, code, description string) {
	answer(w, http.StatusBadRequest, map[string]string{"error": code, "error_description": description})
}

// allowAnyOrigin lets a page of any origin read the answer: public clients call these endpoints from the browser, as
// they call Cognito's.
func allowAnyOrigin(w http.ResponseWriter) { w.Header().Set("Access-Control-Allow-Origin", "*") }

func preflight(w http.ResponseWriter, _ *http.Request) {
	allowAnyOrigin(w)
	w.Header().Set("Access-Control-Allow-Methods", "GET, POST")
	w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
	w.Header().Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
}
