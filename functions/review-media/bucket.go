package reviewmedia

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

// Objects is the part of the S3 client in use.
type Objects interface {
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
	DeleteObject(context.Context, *s3.DeleteObjectInput, ...func(*s3.Options)) (*s3.DeleteObjectOutput, error)
}

// Signer makes addresses to upload to.
type Signer interface {
	PresignPutObject(context.Context, *s3.PutObjectInput, ...func(*s3.PresignOptions)) (*v4.PresignedHTTPRequest, error)
}

// Bucket is the media bucket.
type Bucket struct {
	Client  Objects
	Presign Signer
	Name    string
}

// uploadFor is how long an address to upload to is good.
const uploadFor = 15 * time.Minute

// address signs an address for one upload of exactly this type and size. No round trip.
func (b Bucket) address(ctx context.Context, key, mime string, size int64) (*v4.PresignedHTTPRequest, error) {
	return b.Presign.PresignPutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.Name, Key: &key, ContentType: &mime, ContentLength: aws.Int64(size),
	}, s3.WithPresignExpires(uploadFor))
}

// errNoUpload says that nothing was uploaded; errTooLarge that it is larger than allowed.
var (
	errNoUpload = errors.New("nothing was uploaded")
	errTooLarge = errors.New("the upload is too large")
)

// read reads an upload of at most that size. What is larger is not read. Errors: errNoUpload, errTooLarge.
func (b Bucket) read(ctx context.Context, key string, most int64) ([]byte, error) {
	got, err := b.Client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.Name, Key: &key})
	if missing(err) {
		return nil, errNoUpload
	}
	if err != nil {
		return nil, fmt.Errorf("read the upload: %w", err)
	}
	defer got.Body.Close()
	// The length is told before the body, so that a large object costs no memory and no time.
	if aws.ToInt64(got.ContentLength) > most {
		return nil, errTooLarge
	}
	// One byte more than allowed tells a body that is too large from one that just fits.
	body, err := io.ReadAll(io.LimitReader(got.Body, most+1))
	if err != nil {
		return nil, fmt.Errorf("read the upload: %w", err)
	}
	if int64(len(body)) > most {
		return nil, errTooLarge
	}
	return body, nil
}

// missing reports the answers of S3 for an object that is not there. Without permission to list the bucket it is 403.
func missing(err error) bool {
	if _, ok := errors.AsType[*types.NoSuchKey](err); ok {
		return true
	}
	api, ok := errors.AsType[smithy.APIError](err)
	// The rights to the bucket do not include listing it, so "not there" and "not allowed" are the
	// same answer.
	return ok && (api.ErrorCode() == "NoSuchKey" || api.ErrorCode() == "NotFound" || api.ErrorCode() == "AccessDenied")
}

// public is the folder of the bucket that everybody can read; keys of shown objects are below it.
const public = "public/"

// show puts an object where everybody can read it. Keys are never used twice, so it may be cached for ever.
func (b Bucket) show(ctx context.Context, key, mime string, body []byte) error {
	_, err := b.Client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.Name, Key: aws.String(public + key), ContentType: &mime, Body: bytes.NewReader(body),
		// Inline, because a browser would offer to save what has no disposition of its own.
		CacheControl: aws.String("public, max-age=31536000, immutable"), ContentDisposition: aws.String("inline"),
	})
	if err != nil {
		return fmt.Errorf("store %s: %w", key, err)
	}
	return nil
}

// remove deletes objects; those that are not there are no error.
func (b Bucket) remove(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		if _, err := b.Client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.Name, Key: &key}); err != nil &&
			!missing(err) {
			return fmt.Errorf("delete %s: %w", key, err)
		}
	}
	return nil
}

// headersOf are the headers that an upload has to send: those that the address was signed with and a client sets
// itself.
func headersOf(signed http.Header) map[string]string {
	out := map[string]string{}
	for name := range signed {
		// A browser sets both headers and lets no script do it.
		if name != "Host" && name != "Content-Length" {
			out[name] = signed.Get(name)
		}
	}
	return out
}
