export { type GrpcOptions, startGrpc } from './start-grpc.ts'
