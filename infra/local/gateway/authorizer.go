package gateway

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
)

// Verify checks an access token: who signed it, for whom, and until when. Errors: it is not valid.
type Verify func(ctx context.Context, token string) (auth.Principal, error)

// Authorize makes the gateway check tokens as the JWT authorizer does that the deployed API has on routes that nobody
// may call without one. The function checks them once more; what API Gateway refuses it never sees. Call it before the
// gateway serves.
func (g *Gateway) Authorize(v Verify) { g.verify = v }

// authorized reports whether a request gets past the authorizer of its route, and answers it when not: 401 without a
// valid token, 403 without one of the route's scopes, in the words and headers of API Gateway.
func (g *Gateway) authorized(w http.ResponseWriter, r *http.Request, access api.Access) bool {
	if g.verify == nil || !access.Authorized() {
		return true
	}
	// The scheme may be left out; API Gateway reads what is behind it, or the whole header.
	token := strings.TrimSpace(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	if token == "" {
		w.Header().Set("Www-Authenticate", "Bearer")
		refuse(w, http.StatusUnauthorized, "Unauthorized")
		return false
	}
	p, err := g.verify(r.Context(), token)
	if err != nil {
		w.Header().Set("Www-Authenticate", `Bearer error="invalid_token"`)
		refuse(w, http.StatusUnauthorized, "Unauthorized")
		return false
	}
	if !slices.ContainsFunc(access.Scopes(), p.Allows) {
		w.Header().Set("Www-Authenticate", `Bearer error="insufficient_scope"`)
		refuse(w, http.StatusForbidden, "Forbidden")
		return false
	}
	return true
}
