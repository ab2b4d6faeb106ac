// A client that oapi-codegen writes. Arguments: the server's address and a token.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"

	"eom.example/clients/oapi/api"
)

func main() {
	ctx := context.Background()
	signIn := func(_ context.Context, request *http.Request) error {
		request.Header.Set("Authorization", "Bearer "+os.Args[2])
		return nil
	}
	eom, err := api.NewClientWithResponses(os.Args[1], api.WithRequestEditorFn(signIn))
	check(err)
	limit := int64(5)
	quota := api.CreateQuota{Name: "oapi-codegen", Type: api.MaxOrderTimes, Value: api.QuotaValue{MaxOrderTimes: &limit}}
	created, err := eom.CreateQuotaWithResponse(ctx, nil, quota)
	check(err)
	id := created.JSON201.Id
	read, err := eom.GetQuotaWithResponse(ctx, id, nil)
	check(err)
	removed, err := eom.DeleteQuotaWithResponse(ctx, id, nil)
	check(err)
	missing, err := eom.GetQuotaWithResponse(ctx, id, nil)
	check(err)
	fmt.Println(*read.JSON200.Value.MaxOrderTimes, removed.StatusCode(), missing.JSON404.ErrorCode)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
