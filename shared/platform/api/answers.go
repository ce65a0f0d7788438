package api

import (
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// mustSayTypes panics when the route sets the content type itself and does not say which ones there are, or the
// reverse: Huma would describe the answer as JSON.
func mustSayTypes(r Route, output reflect.Type) {
	body, ok := output.FieldByName("Body")
	own := ok && (body.Type == reflect.TypeFor[[]byte]() || body.Type.Kind() == reflect.Func)
	for _, f := range reflect.VisibleFields(output) {
		own = own || f.Tag.Get("header") == "Content-Type"
	}
	if own != (r.Types != nil) {
		panic(fmt.Sprintf("%s: Types are for answers that set their content type, and such an answer needs them", r.ID))
	}
}

// typedAnswer describes the success of an operation that sets its content type.
func (s *Service) typedAnswer(r Route) *huma.Response {
	content := map[string]*huma.MediaType{}
	for _, t := range r.Types {
		schema := &huma.Schema{Type: huma.TypeString}
		switch {
		case strings.HasSuffix(t, "json") && r.Answer != nil:
			schema = s.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeOf(r.Answer), true, "")
		case t == "application/json":
			schema = &huma.Schema{Type: huma.TypeObject}
		case !strings.HasPrefix(t, "text/") && !strings.HasSuffix(t, "xml"):
			// Raw bytes have no type in OpenAPI 3.1, only the media type.
			schema = &huma.Schema{}
		}
		content[t] = &huma.MediaType{Schema: schema}
	}
	return &huma.Response{Description: http.StatusText(statusOf(r)), Content: content}
}

// statusOf is the status of success of a route that answers with a body.
func statusOf(r Route) int {
	if r.Status == 0 {
		return http.StatusOK
	}
	return r.Status
}

// otherAnswers completes what Huma has described of an operation: the other statuses of success, when to try again, and
// that whatever is refused is a problem, also before Huma is asked: a body that is too large, no JSON or none at all.
func otherAnswers(r Route, responses map[string]*huma.Response) {
	success := responses[strconv.Itoa(statusOf(r))]
	for _, status := range r.Also {
		also := huma.Response{Description: http.StatusText(status)}
		// Of 204 and 304 the headers alone are sent.
		if success != nil && status != http.StatusNoContent && status != http.StatusNotModified {
			also.Content = success.Content
		}
		if success != nil {
			also.Headers = maps.Clone(success.Headers)
		}
		responses[strconv.Itoa(status)] = &also
	}
	for _, described := range responses {
		// OpenAPI ignores it there: the content says it.
		delete(described.Headers, "Content-Type")
	}
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		if again := responses[strconv.Itoa(status)]; again != nil {
			again.Headers = map[string]*huma.Param{"Retry-After": {
				Description: "Seconds after which trying again makes sense.", Schema: &huma.Schema{Type: huma.TypeInteger},
			}}
		}
	}
	responses["default"] = &huma.Response{
		Description: "Any other refusal",
		Content:     responses[strconv.Itoa(http.StatusServiceUnavailable)].Content,
	}
}

// errorsOf lists the statuses of a route, with those that its access brings along. Every route can be busy.
func errorsOf(r Route) []int {
	codes := slices.Clone(r.Errors)
	switch r.Access {
	case Shopper, Customer:
		codes = append(codes, http.StatusUnauthorized)
	case Agent, MerchantIs:
		codes = append(codes, http.StatusUnauthorized, http.StatusForbidden)
	}
	if !slices.Contains(codes, http.StatusServiceUnavailable) {
		codes = append(codes, http.StatusServiceUnavailable)
	}
	return codes
}
