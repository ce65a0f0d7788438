package topology_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"dangol/infra/topology"
)

type operation = huma.Operation

// readable are headers of answers that browsers show to any page (Fetch, 3.3.3), and those that are for the browser
// itself.
var readable = []string{
	"cache-control", "content-language", "content-length", "content-type", "expires", "last-modified", "pragma",
	"vary", "content-encoding", "content-security-policy", "cross-origin-resource-policy", "referrer-policy",
}

// sent are request headers that browsers add themselves, and those of callers that are no pages: payment providers.
var sent = []string{"user-agent", "purpose", "sec-purpose", "stripe-signature", "sandbox-signature"}

// A header that the document promises to a storefront is of no use when its page may not read it, and one that it may
// not send keeps the whole request back.
func TestAPageOfAnotherOriginCanUseEveryHeaderInTheDocument(t *testing.T) {
	t.Parallel()
	headers := 0
	for _, f := range topology.Dangol.Functions {
		if f.API == nil {
			continue
		}
		for path, item := range f.API.OpenAPI().Paths {
			for _, op := range []*operation{item.Get, item.Post, item.Put, item.Delete} {
				if op == nil {
					continue
				}
				for _, answer := range op.Responses {
					for name := range answer.Headers {
						headers++
						if n := strings.ToLower(name); !slices.Contains(topology.CORSExposedHeaders, n) && !slices.Contains(readable, n) {
							t.Errorf("%s %s: pages may not read %s", op.Method, path, name)
						}
					}
				}
				for _, p := range op.Parameters {
					n := strings.ToLower(p.Name)
					if p.In == "header" && !slices.Contains(topology.CORSRequestHeaders, n) && !slices.Contains(sent, n) {
						t.Errorf("%s %s: pages may not send %s", op.Method, path, p.Name)
					}
				}
				if !slices.Contains(topology.CORSMethods, op.Method) {
					t.Errorf("%s %s: pages may not use the method", op.Method, path)
				}
			}
		}
	}
	if headers < 100 {
		t.Errorf("the document has %d headers", headers)
	}
}
