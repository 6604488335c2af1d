module dropout-operator/cluster/pause

go 1.26
