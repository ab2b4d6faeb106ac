// A client that ogen writes. Arguments: the server's address and a token.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"eom.example/clients/ogen/api"
)

type token string

func (t token) Bearer(context.Context, api.OperationName) (api.Bearer, error) {
	return api.Bearer{Token: string(t)}, nil
}

func main() {
	ctx := context.Background()
	eom, err := api.NewClient(os.Args[1], token(os.Args[2]))
	check(err)
	quota := api.CreateQuota{Name: "ogen", Type: api.QuotaTypeMaxOrderTimes, Value: api.QuotaValue{MaxOrderTimes: api.NewOptNilInt64(5)}}
	created, err := eom.CreateQuota(ctx, &quota, api.CreateQuotaParams{})
	check(err)
	id := created.(*api.QuotaHeaders).Response.ID
	read, err := eom.GetQuota(ctx, api.GetQuotaParams{QuotaId: id})
	check(err)
	_, err = eom.DeleteQuota(ctx, api.DeleteQuotaParams{QuotaId: id})
	check(err)
	missing, err := eom.GetQuota(ctx, api.GetQuotaParams{QuotaId: id})
	check(err)
	fmt.Println(read.(*api.GetQuotaOKHeaders).Response.Value.MaxOrderTimes.Value, 204, missing.(*api.Error404QuotaNotFoundApplicationJSONHeaders).Response.ErrorCode)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
