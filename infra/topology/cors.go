package topology

// What pages of other origins may send and read. API Gateway answers for it, so functions do not know of it.
var (
	// CORSMethods are the methods.
	CORSMethods = []string{"GET", "POST", "PUT", "DELETE"}
	// CORSRequestHeaders are the request headers besides those that browsers let pages send to anybody.
	CORSRequestHeaders = []string{
		"authorization", "content-type", "cart-token", "order-token", "chat-token", "idempotency-key", "if-match",
		"if-none-match", "accept-language", "x-correlation-id",
	}
	// CORSExposedHeaders are the headers of answers that a page may read: versions, replays, where a list goes on, waiting
	// times, names of files.
	CORSExposedHeaders = []string{
		"etag", "x-request-id", "idempotent-replayed", "next-cursor", "next-from", "location", "retry-after",
		"content-disposition",
	}
)
