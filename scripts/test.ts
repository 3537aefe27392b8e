console.log('tests')
