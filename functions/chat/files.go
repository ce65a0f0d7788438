package chat

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"dangol/shared/platform/clock"
)

// files signs addresses of the bucket of attachments. It uses the signer of the SDK alone: the S3 client would add 2 MB
// to the function for requests that browsers make.
type files struct {
	config aws.Config
	base   string // of the bucket, without a slash at its end
	clock  clock.Clock
}

// newFiles returns the signer for a bucket; endpoint is where S3 is when not on AWS.
func newFiles(config aws.Config, bucket, endpoint string, c clock.Clock) files {
	base := "https://" + bucket + ".s3." + config.Region + ".amazonaws.com"
	if endpoint != "" {
		base = strings.TrimSuffix(endpoint, "/") + "/" + bucket
	}
	return files{config, base, c}
}

// unsigned says that the body is not part of the signature: it is not known when the address is made.
const unsigned = "UNSIGNED-PAYLOAD"

// Upload is an address to which exactly this file can be put: type and size are part of the signature.
func (f files) Upload(ctx context.Context, key, contentType string, size int64, life time.Duration) (string, error) {
	header := http.Header{"Content-Type": {contentType}, "Content-Length": {strconv.FormatInt(size, 10)}}
	return f.sign(ctx, http.MethodPut, key, header, size, life)
}

// Download is an address from which a file can be read.
func (f files) Download(ctx context.Context, key string, life time.Duration) (string, error) {
	return f.sign(ctx, http.MethodGet, key, http.Header{}, 0, life)
}

// Remove deletes files. A key that is not there is no error to S3.
func (f files) Remove(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		address, err := f.sign(ctx, http.MethodDelete, key, http.Header{}, 0, time.Minute)
		if err != nil {
			return err
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodDelete, address, nil)
		if err != nil {
			return fmt.Errorf("remove a file: %w", err)
		}
		answer, err := http.DefaultClient.Do(req)
		if err != nil {
			return fmt.Errorf("remove a file: %w", err)
		}
		answer.Body.Close()
		if answer.StatusCode >= 300 && answer.StatusCode != http.StatusNotFound {
			return fmt.Errorf("remove a file: S3 answered %s", answer.Status)
		}
	}
	return nil
}

// sign makes a signed address. For an upload type and size
// are signed headers, so no other file can be put there.
func (f files) sign(ctx context.Context, method, key string, header http.Header, size int64,
	life time.Duration) (string, error) {
	query := url.Values{"X-Amz-Expires": {strconv.Itoa(int(life.Seconds()))}}
	if method == http.MethodGet {
		query.Set("response-content-disposition", "attachment") // a browser must not run what somebody uploaded
	}
	req, err := http.NewRequestWithContext(ctx, method, f.base+"/"+key+"?"+query.Encode(), nil)
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	req.Header, req.ContentLength = header, size
	credentials, err := f.config.Credentials.Retrieve(ctx)
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	// S3 wants the path as it is: escaping it again would change the signature.
	signed, _, err := v4.NewSigner().PresignHTTP(ctx, credentials, req, unsigned, "s3", f.config.Region, f.clock.Now(),
		func(o *v4.SignerOptions) {
			o.DisableURIPathEscaping = true
		})
	return signed, err
}
